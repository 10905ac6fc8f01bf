// A product enters the catalogue, at a price.
import { refuse } from 'indelible'
import { z } from 'zod'
import { currency, name, price } from '../values.ts'
import { ProductListed } from './events.ts'
import { product } from './product.ts'

export const ListProduct = product.command('ListProduct', {
  description: 'Begins to sell a product.',
  input: z.object({ title: name, cents: price, currency: currency.default('EUR') }),
  emits: [ProductListed],
  refuses: ['ProductExists'],
  decide: ({ status }, listing, { id }) =>
    status === 'none' ? ProductListed({ product: id, ...listing }) : refuse('ProductExists'),
})
