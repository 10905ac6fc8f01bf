// Everything that can ever have happened to an account.
import { event } from 'indelible'
import { z } from 'zod'
import { money, reference } from '../money.ts'
import { text } from '../text.ts'

export const AccountOpened = event('AccountOpened', z.object({ owner: text, overdraftLimit: z.int().min(0) }), {
  personal: ['owner'],
})
export const FundsDeposited = event('FundsDeposited', z.object({ amount: money, reference }))
export const FundsWithdrawn = event('FundsWithdrawn', z.object({ amount: money, reference }))
export const WithdrawalReversed = event('WithdrawalReversed', z.object({ amount: money, reference }))
export const BalanceAdjusted = event('BalanceAdjusted', z.object({ difference: z.int(), reason: text }))
export const AccountClosed = event('AccountClosed', z.object({}))
