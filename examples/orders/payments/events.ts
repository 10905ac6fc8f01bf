// Everything that can have happened to the payment of an order. The payment has the id of its order.
import { event } from 'indelible'
import { z } from 'zod'
import { cents, currency, id } from '../values.ts'

export const PaymentAuthorised = event('PaymentAuthorised', z.object({ customer: id, cents, currency }))
export const PaymentCaptured = event('PaymentCaptured', z.object({ cents, currency }))
export const PaymentReleased = event('PaymentReleased', z.object({}))
export const PaymentRefunded = event('PaymentRefunded', z.object({ cents, currency }))
