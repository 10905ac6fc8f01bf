// A transfer is asked for once. Whether it succeeds is the saga's business.
import { aggregate, event, refuse } from 'indelible'
import { z } from 'zod'
import { money } from '../money.ts'
import { text } from '../text.ts'

const order = z.object({ from: text, to: text, amount: money })

export type TransferOrder = z.infer<typeof order>

export const TransferRequested = event('TransferRequested', order)

export const transfer = aggregate('transfer', {
  initialState: { requested: false },
  events: [TransferRequested],
  evolve: { TransferRequested: () => ({ requested: true }) },
})

export const RequestTransfer = transfer.command('RequestTransfer', {
  input: order,
  decide: ({ requested }, order) => {
    if (requested) return refuse('TransferExists')
    return order.from === order.to ? refuse('SameAccount') : TransferRequested(order)
  },
})
