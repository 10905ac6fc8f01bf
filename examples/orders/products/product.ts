// A product: how many there are that no order has reserved, and what each order has.
import { aggregate } from 'indelible'
import { ProductListed, StockReceived, StockReleased, StockReserved, StockShipped } from './events.ts'

interface ProductState {
  status: 'none' | 'listed'
  free: number
  /** By order. */
  reserved: Readonly<Record<string, number>>
}

const initialState: ProductState = { status: 'none', free: 0, reserved: {} }

/** How many an order has reserved. It may be called "constructor". */
export const reservedFor = ({ reserved }: ProductState, order: string): number =>
  Object.hasOwn(reserved, order) ? reserved[order]! : 0

const without = (reserved: ProductState['reserved'], order: string) =>
  Object.fromEntries(Object.entries(reserved).filter(([other]) => other !== order))

export const product = aggregate('product', {
  initialState,
  description: 'What the shop sells, and how much of it there is: free, and kept for orders.',
})
  .on(ProductListed, (state) => ({ ...state, status: 'listed' }))
  .on(StockReceived, (state, { quantity }) => ({ ...state, free: state.free + quantity }))
  .on(StockReserved, ({ free, reserved, ...state }, { order, quantity }) => ({
    ...state,
    free: free - quantity,
    reserved: { ...reserved, [order]: quantity },
  }))
  .on(StockReleased, ({ free, reserved, ...state }, { order, quantity }) => ({
    ...state,
    free: free + quantity,
    reserved: without(reserved, order),
  }))
  .on(StockShipped, (state, { order }) => ({ ...state, reserved: without(state.reserved, order) }))
