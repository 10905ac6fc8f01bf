// A transfer is asked for once. Whether it succeeds is the saga's business.
import { aggregate, checkedStreamName, event, refuse } from 'indelible'
import { z } from 'zod'
import { account } from '../account/account.ts'
import { money } from '../money.ts'
import { text } from '../text.ts'

/** Checked before anything moves: the saga can send nothing to what cannot be an account. */
const accountId = text.refine((id) => {
  try {
    checkedStreamName(`${account.category}-${id}`)
    return true
  } catch {
    return false
  }
}, 'must be the id of an account')
const order = z.object({ from: accountId, to: accountId, amount: money })

export type TransferOrder = z.infer<typeof order>

export const TransferRequested = event('TransferRequested', order, {
  description: 'Somebody wants to move money from one account to another.',
})

export const transfer = aggregate('transfer', {
  initialState: { requested: false },
  description: 'A wish to move money, which is asked for once.',
}).on(TransferRequested, () => ({
  requested: true,
}))

export const RequestTransfer = transfer.command('RequestTransfer', {
  description: 'Asks for a transfer, once.',
  input: order,
  emits: [TransferRequested],
  refuses: ['TransferExists', 'SameAccount'],
  decide: ({ requested }, order) => {
    if (requested) return refuse('TransferExists')
    return order.from === order.to ? refuse('SameAccount') : TransferRequested(order)
  },
})
