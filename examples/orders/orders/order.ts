// An order, from the moment it is placed until it is on its way, or cancelled. It has one product.
import { aggregate } from 'indelible'
import type { Currency } from '../values.ts'
import { OrderAccepted, OrderCancelled, OrderPaid, OrderPlaced, OrderShipped, RefundOwed } from './events.ts'

export interface Placed {
  customer: string
  product: string
  quantity: number
  cents: number
  currency: Currency
}

export type OrderState =
  | { status: 'none' }
  | ({ status: 'placed' | 'accepted' | 'paid' | 'shipped' } & Placed)
  | { status: 'cancelled'; reason: string }

const moved = (state: OrderState, status: 'accepted' | 'paid' | 'shipped'): OrderState =>
  state.status === 'none' || state.status === 'cancelled' ? state : { ...state, status }

export const order = aggregate('order', { initialState: { status: 'none' } as OrderState })
  .on(OrderPlaced, (_state, { voucher: _, ...placed }) => ({ status: 'placed', ...placed }))
  .on(OrderAccepted, (state) => moved(state, 'accepted'))
  .on(OrderPaid, (state) => moved(state, 'paid'))
  .on(OrderShipped, (state) => moved(state, 'shipped'))
  .on(OrderCancelled, (_state, { reason }) => ({ status: 'cancelled', reason }))
  .on(RefundOwed, (state) => state)
