// Everything that can have happened to a product and its stock.
import { event } from 'indelible'
import { z } from 'zod'

export const quantity = z.int().positive().max(1_000_000)
const reservation = z.object({ order: z.string(), quantity })

export const ProductListed = event(
  'ProductListed',
  z.object({ title: z.string().min(1).max(200), cents: z.int().positive() }),
)
export const StockReceived = event('StockReceived', z.object({ quantity }))
export const StockReserved = event('StockReserved', reservation)
export const StockReleased = event('StockReleased', reservation)
