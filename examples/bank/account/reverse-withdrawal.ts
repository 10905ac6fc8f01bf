// Compensation: money whose way onward failed comes back. It has nowhere else to go, so even a closed account takes it.
import { refuse } from 'indelible'
import { z } from 'zod'
import { money, reference } from '../money.ts'
import { account } from './account.ts'
import { WithdrawalReversed } from './events.ts'

export const ReverseWithdrawal = account.command('ReverseWithdrawal', {
  input: z.object({ amount: money, reference }),
  decide: ({ status, balance }, { amount, reference }) => {
    if (status === 'none') return refuse('NoSuchAccount')
    if (!Number.isSafeInteger(balance + amount)) return refuse('BalanceTooLarge', { balance })
    return WithdrawalReversed({ amount, reference })
  },
})
