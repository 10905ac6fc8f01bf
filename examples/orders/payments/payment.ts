// A payment, as the provider keeps it: money is taken once, and given back at most once. It stands for a service that would be called.
import { aggregate, event, refusal } from 'indelible'
import { z } from 'zod'

export const PaymentTaken = event('PaymentTaken', z.object({ customer: z.string(), cents: z.int().positive() }))
export const PaymentReturned = event('PaymentReturned', z.object({}))

export const LimitExceeded = refusal('LimitExceeded', z.object({ centsMax: z.int() }))

/** What the provider lends anybody. */
const centsMax = 100_000

type PaymentState = { status: 'none' | 'taken' | 'returned' }

const payment = aggregate('payment', { initialState: { status: 'none' } as PaymentState })
  .on(PaymentTaken, () => ({ status: 'taken' }))
  .on(PaymentReturned, () => ({ status: 'returned' }))

export const TakePayment = payment.command('TakePayment', {
  input: PaymentTaken.schema,
  emits: [PaymentTaken],
  refuses: [LimitExceeded],
  visibility: 'internal',
  decide: ({ status }, taken) => {
    if (status !== 'none') return []
    return taken.cents > centsMax ? LimitExceeded({ centsMax }) : PaymentTaken(taken)
  },
})

export const ReturnPayment = payment.command('ReturnPayment', {
  input: z.object({}),
  emits: [PaymentReturned],
  visibility: 'internal',
  decide: ({ status }) => (status === 'taken' ? PaymentReturned({}) : []),
})
