// An order goes on: accepted and paid by its fulfilment, shipped by the warehouse, or cancelled before that.
import { refusal, refuse } from 'indelible'
import { z } from 'zod'
import { OrderAccepted, OrderCancelled, OrderPaid, OrderShipped } from './events.ts'
import { order } from './order.ts'

export const WrongStatus = refusal('WrongStatus', z.object({ status: z.string() }))

export const AcceptOrder = order.command('AcceptOrder', {
  input: z.object({}),
  emits: [OrderAccepted],
  refuses: [WrongStatus],
  visibility: 'internal',
  decide: ({ status }) => (status === 'placed' ? OrderAccepted({}) : WrongStatus({ status })),
})

export const MarkPaid = order.command('MarkPaid', {
  input: OrderPaid.schema,
  emits: [OrderPaid],
  refuses: [WrongStatus],
  visibility: 'internal',
  decide: ({ status }, paid) => (status === 'accepted' ? OrderPaid(paid) : WrongStatus({ status })),
})

export const ShipOrder = order.command('ShipOrder', {
  input: z.object({}),
  emits: [OrderShipped],
  refuses: [WrongStatus],
  decide: (state) =>
    state.status === 'paid' ? OrderShipped({ customer: state.customer }) : WrongStatus({ status: state.status }),
})

export const CancelOrder = order.command('CancelOrder', {
  input: z.object({ reason: z.string().min(1).max(500) }),
  emits: [OrderCancelled],
  refuses: ['NoSuchOrder', WrongStatus],
  decide: ({ status }, { reason }) => {
    if (status === 'none') return refuse('NoSuchOrder')
    if (status === 'cancelled') return []
    return status === 'shipped' ? WrongStatus({ status }) : OrderCancelled({ reason })
  },
})
