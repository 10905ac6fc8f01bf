// An order: its lines are added one by one, then it is placed, and it is on its way or cancelled in the end.
import { aggregate } from 'indelible'
import type { Currency } from '../values.ts'
import { LineAdded, OrderAccepted, OrderCancelled, OrderPaid, OrderPlaced, OrderShipped } from './events.ts'

interface Goods {
  lines: readonly { product: string; quantity: number }[]
  cents: number
  currency: Currency
}

export type OrderState =
  | { status: 'none' }
  | ({ status: 'open' } & Goods)
  | ({ status: 'placed' | 'accepted' | 'paid' | 'shipped'; customer: string } & Goods)
  | { status: 'cancelled'; reason: string }

const moved = (state: OrderState, status: 'accepted' | 'paid' | 'shipped'): OrderState =>
  'customer' in state ? { ...state, status } : state

export const order = aggregate('order', {
  initialState: { status: 'none' } as OrderState,
  description: 'What one customer wants, from the first line to the parcel.',
})
  .on(LineAdded, (state, { cents, currency, ...line }) => {
    const before = state.status === 'open' ? state : { lines: [], cents: 0 }
    return { status: 'open', lines: [...before.lines, line], cents: before.cents + cents, currency }
  })
  .on(OrderPlaced, (_state, { voucher: _, ...placed }) => ({ status: 'placed', ...placed }))
  .on(OrderAccepted, (state) => moved(state, 'accepted'))
  .on(OrderPaid, (state) => moved(state, 'paid'))
  .on(OrderShipped, (state) => moved(state, 'shipped'))
  .on(OrderCancelled, (_state, { reason }) => ({ status: 'cancelled', reason }))
