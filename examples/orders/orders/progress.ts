// An order goes on: accepted and paid by its fulfilment, and shipped by the warehouse.
import { refusal } from 'indelible'
import { z } from 'zod'
import { OrderAccepted, OrderPaid, OrderShipped } from './events.ts'
import { order } from './order.ts'

export const WrongStatus = refusal('WrongStatus', z.object({ status: z.string() }))

const nothing = z.object({})

export const AcceptOrder = order.command('AcceptOrder', {
  input: nothing,
  emits: [OrderAccepted],
  refuses: [WrongStatus],
  visibility: 'internal',
  decide: ({ status }) => (status === 'placed' ? OrderAccepted({}) : WrongStatus({ status })),
})

export const MarkPaid = order.command('MarkPaid', {
  input: nothing,
  emits: [OrderPaid],
  refuses: [WrongStatus],
  visibility: 'internal',
  decide: ({ status }) => (status === 'accepted' ? OrderPaid({}) : WrongStatus({ status })),
})

export const ShipOrder = order.command('ShipOrder', {
  input: nothing,
  emits: [OrderShipped],
  refuses: [WrongStatus],
  decide: (state) => {
    if (state.status !== 'paid') return WrongStatus({ status: state.status })
    const { customer, lines } = state
    return OrderShipped({ customer, lines: [...lines] })
  },
})
