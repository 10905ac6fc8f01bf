// What the payment provider answered: it holds, takes and gives back the money of an order.
import { event } from 'indelible'
import { z } from 'zod'
import { cents, currency } from '../values.ts'

const money = z.object({ cents, currency })

export const PaymentAuthorised = event('PaymentAuthorised', money.extend({ authorisation: z.string() }))
export const PaymentCaptured = event('PaymentCaptured', money)
export const PaymentReturned = event('PaymentReturned', money)
