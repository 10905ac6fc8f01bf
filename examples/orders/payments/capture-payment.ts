// What is held is taken, and given back where the order comes to nothing after all.
import { refuse } from 'indelible'
import { z } from 'zod'
import { PaymentCaptured, PaymentRefunded } from './events.ts'
import { payment } from './payment.ts'

export const CapturePayment = payment.command('CapturePayment', {
  input: z.object({}),
  emits: [PaymentCaptured],
  refuses: ['NotAuthorised'],
  visibility: 'internal',
  decide: (state) => {
    if (state.status !== 'authorised') return refuse('NotAuthorised')
    return PaymentCaptured({ cents: state.cents, currency: state.currency })
  },
})

export const RefundPayment = payment.command('RefundPayment', {
  input: z.object({}),
  emits: [PaymentRefunded],
  visibility: 'internal',
  decide: (state) =>
    state.status === 'captured' ? PaymentRefunded({ cents: state.cents, currency: state.currency }) : [],
})
