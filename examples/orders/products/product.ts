// A product: what it costs, and how many are there that no order has reserved.
import { aggregate } from 'indelible'
import { ProductListed, StockReceived, StockReleased, StockReserved } from './events.ts'

type ProductState = { status: 'none' } | { status: 'listed'; cents: number; free: number }

const withFree = (state: ProductState, change: number): ProductState =>
  state.status === 'none' ? state : { ...state, free: state.free + change }

export const product = aggregate('product', { initialState: { status: 'none' } as ProductState })
  .on(ProductListed, (_state, { cents }) => ({ status: 'listed', cents, free: 0 }))
  .on(StockReceived, (state, { quantity }) => withFree(state, quantity))
  .on(StockReserved, (state, { quantity }) => withFree(state, -quantity))
  .on(StockReleased, (state, { quantity }) => withFree(state, quantity))
