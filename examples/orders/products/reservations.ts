// Orders reserve stock, and have it shipped or give it back. Only sagas say so: an order is the one that knows when.
import { refusal, refuse } from 'indelible'
import { z } from 'zod'
import { id } from '../values.ts'
import { StockReleased, StockReserved, StockShipped } from './events.ts'
import { product, reservedFor } from './product.ts'

export const OutOfStock = refusal('OutOfStock', z.object({ free: z.int() }))

export const ReserveStock = product.command('ReserveStock', {
  description: 'Keeps goods for an order.',
  input: StockReserved.schema,
  emits: [StockReserved],
  refuses: ['NoSuchProduct', 'AlreadyReserved', OutOfStock],
  visibility: 'internal',
  decide: (state, reservation) => {
    const { status, free } = state
    if (status === 'none') return refuse('NoSuchProduct')
    if (reservedFor(state, reservation.order) > 0) return refuse('AlreadyReserved')
    return free < reservation.quantity ? OutOfStock({ free }) : StockReserved(reservation)
  },
})

const ofOrder = z.object({ order: id })

export const ReleaseStock = product.command('ReleaseStock', {
  description: 'Gives free what was kept for an order.',
  input: ofOrder,
  emits: [StockReleased],
  visibility: 'internal',
  decide: (state, { order }) => {
    const quantity = reservedFor(state, order)
    return quantity === 0 ? [] : StockReleased({ order, quantity })
  },
})

export const ShipStock = product.command('ShipStock', {
  description: 'Lets the goods of an order leave.',
  input: ofOrder,
  emits: [StockShipped],
  visibility: 'internal',
  decide: (state, { order }) => {
    const quantity = reservedFor(state, order)
    return quantity === 0 ? [] : StockShipped({ order, quantity })
  },
})
