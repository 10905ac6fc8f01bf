// An order is cancelled by its customer, or by its fulfilment. Before it is paid the fulfilment takes back what it did; after that the refund does.
import { refuse } from 'indelible'
import { z } from 'zod'
import { OrderCancelled, RefundOwed } from './events.ts'
import { order } from './order.ts'
import { WrongStatus } from './progress.ts'

export const CancelOrder = order.command('CancelOrder', {
  input: z.object({ reason: z.string().min(1).max(500) }),
  emits: [OrderCancelled, RefundOwed],
  refuses: ['NoSuchOrder', WrongStatus],
  decide: (state, { reason }) => {
    switch (state.status) {
      case 'none':
        return refuse('NoSuchOrder')
      case 'cancelled':
        return []
      case 'shipped':
        return WrongStatus({ status: state.status })
      case 'paid': {
        const { product, quantity } = state
        return [OrderCancelled({ reason }), RefundOwed({ product, quantity })]
      }
      default:
        return OrderCancelled({ reason })
    }
  },
})
