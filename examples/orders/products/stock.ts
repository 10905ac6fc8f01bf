// Stock comes in; orders reserve it, and give it back where they come to nothing. Only the fulfilment of an order may reserve and release.
import { refusal, refuse } from 'indelible'
import { z } from 'zod'
import { StockReceived, StockReleased, StockReserved } from './events.ts'
import { product } from './product.ts'

export const OutOfStock = refusal('OutOfStock', z.object({ free: z.int() }))

export const ReceiveStock = product.command('ReceiveStock', {
  input: StockReceived.schema,
  emits: [StockReceived],
  refuses: ['NoSuchProduct'],
  decide: ({ status }, received) => (status === 'none' ? refuse('NoSuchProduct') : StockReceived(received)),
})

export const ReserveStock = product.command('ReserveStock', {
  input: StockReserved.schema,
  emits: [StockReserved],
  refuses: ['NoSuchProduct', OutOfStock],
  visibility: 'internal',
  decide: (state, reservation) => {
    if (state.status === 'none') return refuse('NoSuchProduct')
    return state.free < reservation.quantity ? OutOfStock({ free: state.free }) : StockReserved(reservation)
  },
})

export const ReleaseStock = product.command('ReleaseStock', {
  input: StockReleased.schema,
  emits: [StockReleased],
  visibility: 'internal',
  decide: (_state, reservation) => StockReleased(reservation),
})
