// What the payment provider does for the shop, over HTTP: it holds money up to its limit, takes what it holds, and gives back what it holds or took.
import { activity, refusal } from 'indelible'
import { z } from 'zod'
import { cents, currency, id } from '../values.ts'
import { PaymentAuthorised, PaymentCaptured, PaymentReturned } from './events.ts'

const service = 'payments'
const authorisation = z.object({ authorisation: z.string() })

export const LimitExceeded = refusal('LimitExceeded', z.object({ centsMax: z.int() }))

export const AuthorisePayment = activity('AuthorisePayment', {
  description: 'Holds the money of an order.',
  service,
  input: z.object({ order: id, customer: id, cents, currency }),
  call: 'POST /authorisations',
  emits: PaymentAuthorised,
  refuses: { 402: LimitExceeded },
  giveUp: 'DELETE /authorisations/by-key/{idempotencyKey}',
})

export const CapturePayment = activity('CapturePayment', {
  description: 'Takes the money that is held.',
  service,
  input: authorisation,
  call: 'POST /authorisations/{authorisation}/capture',
  emits: PaymentCaptured,
})

export const ReturnPayment = activity('ReturnPayment', {
  description: 'Gives back the money that is held or was taken.',
  service,
  input: authorisation,
  call: 'DELETE /authorisations/{authorisation}',
  emits: PaymentReturned,
})
