// A product enters the catalogue.
import { refuse } from 'indelible'
import { ProductListed } from './events.ts'
import { product } from './product.ts'

export const ListProduct = product.command('ListProduct', {
  input: ProductListed.schema,
  emits: [ProductListed],
  refuses: ['ProductExists'],
  decide: ({ status }, listing) => (status === 'none' ? ProductListed(listing) : refuse('ProductExists')),
})
