// The provider tells that the customer has paid: what was held is taken.
import { refuse } from 'indelible'
import { z } from 'zod'
import { PaymentCaptured } from './events.ts'
import { payment } from './payment.ts'

export const CapturePayment = payment.command('CapturePayment', {
  input: z.object({}),
  emits: [PaymentCaptured],
  refuses: ['NotAuthorised'],
  decide: (state) => {
    if (state.status !== 'authorised') return refuse('NotAuthorised')
    return PaymentCaptured({ cents: state.cents, currency: state.currency })
  },
})
