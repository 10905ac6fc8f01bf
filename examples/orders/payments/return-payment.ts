// Where an order comes to nothing, what is held is let go, and what was taken is given back.
import { z } from 'zod'
import { PaymentRefunded, PaymentReleased } from './events.ts'
import { payment } from './payment.ts'

export const ReturnPayment = payment.command('ReturnPayment', {
  input: z.object({}),
  emits: [PaymentReleased, PaymentRefunded],
  visibility: 'internal',
  decide: (state) => {
    if (state.status === 'authorised') return PaymentReleased({})
    if (state.status === 'captured') return PaymentRefunded({ cents: state.cents, currency: state.currency })
    return []
  },
})
