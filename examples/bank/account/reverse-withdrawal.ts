// Compensation: money whose way onward failed comes back. It has nowhere else to go, so even a closed account takes it. Only the saga may send it.
import { refuse } from 'indelible'
import { z } from 'zod'
import { money, reference } from '../money.ts'
import { account } from './account.ts'
import { WithdrawalReversed } from './events.ts'
import { BalanceTooLarge } from './refusals.ts'

export const ReverseWithdrawal = account.command('ReverseWithdrawal', {
  description: 'Takes back money that could not go on. Even a closed account takes it.',
  input: z.object({ amount: money, reference }),
  emits: [WithdrawalReversed],
  refuses: ['NoSuchAccount', BalanceTooLarge],
  visibility: 'internal',
  decide: ({ status, balance }, { amount, reference }) => {
    if (status === 'none') return refuse('NoSuchAccount')
    if (!Number.isSafeInteger(balance + amount)) return BalanceTooLarge({ balance })
    return WithdrawalReversed({ amount, reference })
  },
})
