// An order, from the moment it is placed until it is on its way, or cancelled.
import { aggregate } from 'indelible'
import { OrderAccepted, OrderCancelled, OrderPaid, OrderPlaced, OrderShipped } from './events.ts'

type OrderState =
  | { status: 'none' }
  | { status: 'placed' | 'accepted' | 'paid' | 'shipped'; customer: string; cents: number; currency: 'EUR' | 'CZK' }
  | { status: 'cancelled'; reason: string }

const moved = (state: OrderState, status: 'accepted' | 'paid' | 'shipped'): OrderState =>
  state.status === 'none' || state.status === 'cancelled' ? state : { ...state, status }

export const order = aggregate('order', { initialState: { status: 'none' } as OrderState })
  .on(OrderPlaced, (_state, { customer, cents, currency }) => ({ status: 'placed', customer, cents, currency }))
  .on(OrderAccepted, (state) => moved(state, 'accepted'))
  .on(OrderPaid, (state) => moved(state, 'paid'))
  .on(OrderShipped, (state) => moved(state, 'shipped'))
  .on(OrderCancelled, (_state, { reason }) => ({ status: 'cancelled', reason }))
