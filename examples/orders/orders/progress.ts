// An order goes on: accepted by its fulfilment, paid by its customer, and shipped by the warehouse.
import { refusal } from 'indelible'
import { z } from 'zod'
import { OrderAccepted, OrderPaid, OrderShipped } from './events.ts'
import { order } from './order.ts'

export const WrongStatus = refusal('WrongStatus', z.object({ status: z.string() }))

const nothing = z.object({})

export const AcceptOrder = order.command('AcceptOrder', {
  description: 'Takes the order on.',
  input: nothing,
  emits: [OrderAccepted],
  refuses: [WrongStatus],
  visibility: 'internal',
  decide: ({ status }) => (status === 'placed' ? OrderAccepted({}) : WrongStatus({ status })),
})

/** The provider tells that the customer has paid there. That may come before its answer that it holds the money. */
export const PayOrder = order.command('PayOrder', {
  description: 'Tells that the customer has paid.',
  input: nothing,
  emits: [OrderPaid],
  refuses: [WrongStatus],
  decide: ({ status }) => (status === 'accepted' ? OrderPaid({}) : WrongStatus({ status })),
})

export const ShipOrder = order.command('ShipOrder', {
  description: 'Tells that the parcel has left.',
  input: nothing,
  emits: [OrderShipped],
  refuses: [WrongStatus],
  decide: (state) => {
    if (state.status !== 'paid') return WrongStatus({ status: state.status })
    const { customer, lines } = state
    return OrderShipped({ customer, lines: [...lines] })
  },
})
