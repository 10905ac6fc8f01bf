// Everything that can have happened to a product and its stock.
import { event } from 'indelible'
import { z } from 'zod'
import { currency, id, name, price, quantity } from '../values.ts'

const reservation = z.object({ order: id, quantity })

export const ProductListed = event('ProductListed', z.object({ product: id, title: name, cents: price, currency }), {
  tags: { product: 'product' },
})
export const StockReceived = event('StockReceived', z.object({ quantity }))
export const StockReserved = event('StockReserved', reservation)
export const StockReleased = event('StockReleased', reservation)
export const StockShipped = event('StockShipped', reservation)
