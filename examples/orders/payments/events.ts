// What the payment provider answered: it holds, takes and gives back the money of an order.
import { event } from 'indelible'
import { z } from 'zod'
import { cents, currency } from '../values.ts'

const money = z.object({ cents, currency })

export const PaymentAuthorised = event('PaymentAuthorised', money.extend({ authorisation: z.string() }), {
  description: 'The provider holds the money of an order.',
})
export const PaymentCaptured = event('PaymentCaptured', money, {
  description: 'The provider took the money that it held.',
})
export const PaymentReturned = event('PaymentReturned', money, { description: 'The provider gave the money back.' })
