// An order is cancelled by its customer, or by its fulfilment. What was done for it until then, the fulfilment takes back.
import { refuse } from 'indelible'
import { z } from 'zod'
import { OrderCancelled } from './events.ts'
import { order } from './order.ts'
import { WrongStatus } from './progress.ts'

export const CancelOrder = order.command('CancelOrder', {
  description: 'Ends an order that has not shipped. What was done for it is taken back.',
  input: z.object({ reason: z.string().min(1).max(500) }),
  emits: [OrderCancelled],
  refuses: ['NoSuchOrder', WrongStatus],
  decide: ({ status }, { reason }) => {
    if (status === 'none') return refuse('NoSuchOrder')
    if (status === 'shipped') return WrongStatus({ status })
    return status === 'cancelled' ? [] : OrderCancelled({ reason })
  },
})
