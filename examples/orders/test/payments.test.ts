import { decideAfter } from 'indelible/testing'
import { expect, test } from 'vitest'
import { AuthorisePayment, LimitExceeded } from '../payments/authorise-payment.ts'
import { CapturePayment } from '../payments/capture-payment.ts'
import { PaymentAuthorised, PaymentCaptured, PaymentRefunded, PaymentReleased } from '../payments/events.ts'
import { ReturnPayment } from '../payments/return-payment.ts'

const money = { cents: 900, currency: 'EUR' } as const
const asked = { customer: 'ann', ...money }
const authorised = PaymentAuthorised(asked)
const captured = PaymentCaptured(money)

test('an amount is authorised once, up to a limit', () => {
  expect(decideAfter([], AuthorisePayment, asked)).toEqual([authorised])
  expect(decideAfter([authorised], AuthorisePayment, asked)).toMatchObject({ refused: 'PaymentExists' })
  expect(decideAfter([], AuthorisePayment, { ...asked, cents: 100_001 })).toEqual(LimitExceeded({ centsMax: 100_000 }))
})

test('an authorised amount is captured once', () => {
  expect(decideAfter([authorised], CapturePayment, {})).toEqual([captured])
  for (const history of [[], [authorised, captured], [authorised, PaymentReleased({})]])
    expect(decideAfter(history, CapturePayment, {})).toMatchObject({ refused: 'NotAuthorised' })
})

test('an authorised amount is released, a captured one is refunded once, and otherwise nothing is returned', () => {
  const refunded = PaymentRefunded(money)
  expect(decideAfter([authorised], ReturnPayment, {})).toEqual([PaymentReleased({})])
  expect(decideAfter([authorised, captured], ReturnPayment, {})).toEqual([refunded])
  for (const history of [[], [authorised, PaymentReleased({})], [authorised, captured, refunded]])
    expect(decideAfter(history, ReturnPayment, {})).toEqual([])
})
