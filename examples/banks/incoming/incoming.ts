// A transfer that the partner bank has sent: it is received first, and then credited to an account or returned.
import { aggregate, event, refuse } from 'indelible'
import { z } from 'zod'
import { money } from '../../bank/money.ts'
import { text } from '../../bank/text.ts'

const received = z.object({ to: text, amount: money })

export const TransferReceived = event('TransferReceived', received)
export const TransferCredited = event('TransferCredited', z.object({}))
export const TransferReturned = event('TransferReturned', z.object({ reason: text }))

export const incoming = aggregate('incoming', { initialState: { status: 'none' as string } })
  .on(TransferReceived, () => ({ status: 'received' }))
  .on(TransferCredited, () => ({ status: 'credited' }))
  .on(TransferReturned, () => ({ status: 'returned' }))

export const ReceiveTransfer = incoming.command('ReceiveTransfer', {
  input: received,
  emits: [TransferReceived],
  refuses: ['TransferExists'],
  decide: ({ status }, transfer) => (status === 'none' ? TransferReceived(transfer) : refuse('TransferExists')),
})

export const CreditTransfer = incoming.command('CreditTransfer', {
  input: z.object({}),
  emits: [TransferCredited],
  visibility: 'internal',
  decide: () => TransferCredited({}),
})

export const ReturnTransfer = incoming.command('ReturnTransfer', {
  input: z.object({ reason: text }),
  emits: [TransferReturned],
  visibility: 'internal',
  decide: (_state, { reason }) => TransferReturned({ reason }),
})
