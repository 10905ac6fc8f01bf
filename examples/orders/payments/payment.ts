// A payment, as a provider keeps it: an amount is held first, then taken, and can be given back. It stands for a service that would be called.
import { aggregate } from 'indelible'
import type { Currency } from '../values.ts'
import { PaymentAuthorised, PaymentCaptured, PaymentRefunded, PaymentReleased } from './events.ts'

type PaymentState =
  | { status: 'none' | 'released' | 'refunded' }
  | { status: 'authorised' | 'captured'; cents: number; currency: Currency }

export const payment = aggregate('payment', { initialState: { status: 'none' } as PaymentState })
  .on(PaymentAuthorised, (_state, { cents, currency }) => ({ status: 'authorised', cents, currency }))
  .on(PaymentCaptured, (_state, { cents, currency }) => ({ status: 'captured', cents, currency }))
  .on(PaymentReleased, () => ({ status: 'released' }))
  .on(PaymentRefunded, () => ({ status: 'refunded' }))
