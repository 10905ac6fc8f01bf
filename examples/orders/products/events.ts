// Everything that can have happened to a product and its stock.
import { event } from 'indelible'
import { z } from 'zod'
import { currency, id, name, price, quantity } from '../values.ts'

const reservation = z.object({ order: id, quantity })

export const ProductListed = event('ProductListed', z.object({ product: id, title: name, cents: price, currency }), {
  description: 'The shop sells a product, at a price.',
  tags: { product: 'product' },
})
export const StockReceived = event('StockReceived', z.object({ quantity }), { description: 'Goods arrived.' })
export const StockReserved = event('StockReserved', reservation, { description: 'Goods are kept for an order.' })
export const StockReleased = event('StockReleased', reservation, {
  description: 'Goods that were kept for an order are free again.',
})
export const StockShipped = event('StockShipped', reservation, { description: 'Goods left with an order.' })
