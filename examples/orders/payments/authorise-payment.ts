// The provider holds an amount, up to its limit.
import { refusal, refuse } from 'indelible'
import { z } from 'zod'
import { PaymentAuthorised } from './events.ts'
import { payment } from './payment.ts'

const centsMax = 100_000

export const LimitExceeded = refusal('LimitExceeded', z.object({ centsMax: z.int() }))

export const AuthorisePayment = payment.command('AuthorisePayment', {
  input: PaymentAuthorised.schema,
  emits: [PaymentAuthorised],
  refuses: ['PaymentExists', LimitExceeded],
  visibility: 'internal',
  decide: ({ status }, asked) => {
    if (status !== 'none') return refuse('PaymentExists')
    return asked.cents > centsMax ? LimitExceeded({ centsMax }) : PaymentAuthorised(asked)
  },
})
