// A transfer to an account at the partner bank. It is asked for once; what becomes of it is the saga's business.
import { aggregate, event, refuse } from 'indelible'
import { z } from 'zod'
import { money } from '../../bank/money.ts'
import { text } from '../../bank/text.ts'

/** An `instant` one has its answer at once. An ordinary one is received there, and its answer comes later. */
const order = z.object({ from: text, to: text, amount: money, isInstant: z.boolean().default(false) })

export const RemittanceRequested = event('RemittanceRequested', order)

export const remittance = aggregate('remittance', { initialState: { isRequested: false } }).on(
  RemittanceRequested,
  () => ({ isRequested: true }),
)

export const RequestRemittance = remittance.command('RequestRemittance', {
  input: order,
  emits: [RemittanceRequested],
  refuses: ['RemittanceExists'],
  decide: ({ isRequested }, order) => (isRequested ? refuse('RemittanceExists') : RemittanceRequested(order)),
})
