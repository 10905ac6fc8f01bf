// Money goes out, down to the overdraft limit. What a late reversal left on a closed account can still be fetched.
import { refuse } from 'indelible'
import { z } from 'zod'
import { money, reference } from '../money.ts'
import { account } from './account.ts'
import { FundsWithdrawn } from './events.ts'
import { InsufficientFunds } from './refusals.ts'

export const WithdrawFunds = account.command('WithdrawFunds', {
  description: 'Gives out money, down to the overdraft limit.',
  input: z.object({ amount: money, reference }),
  emits: [FundsWithdrawn],
  refuses: ['NoSuchAccount', InsufficientFunds],
  decide: ({ status, balance, overdraftLimit }, { amount, reference }) => {
    if (status === 'none') return refuse('NoSuchAccount')
    if (balance - amount < -overdraftLimit) return InsufficientFunds({ balance, overdraftLimit })
    return FundsWithdrawn({ amount, reference })
  },
})
