// Everything that can ever have happened to an account.
import { event } from 'indelible'
import { z } from 'zod'
import { money, reference } from '../money.ts'
import { text } from '../text.ts'

export const AccountOpened = event('AccountOpened', z.object({ owner: text, overdraftLimit: z.int().min(0) }), {
  description: 'An account was opened for its owner.',
  personal: ['owner'],
})
export const FundsDeposited = event('FundsDeposited', z.object({ amount: money, reference }), {
  description: 'Money came in.',
})
export const FundsWithdrawn = event('FundsWithdrawn', z.object({ amount: money, reference }), {
  description: 'Money went out.',
})
export const WithdrawalReversed = event('WithdrawalReversed', z.object({ amount: money, reference }), {
  description: 'Money whose way onward failed came back.',
})
export const BalanceAdjusted = event('BalanceAdjusted', z.object({ difference: z.int(), reason: text }), {
  description: 'A mistake of the past was corrected, with the reason.',
})
export const AccountClosed = event('AccountClosed', z.object({}), {
  description: 'Nothing was left on the account, and it was closed.',
})
