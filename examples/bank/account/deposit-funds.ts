// Money comes in, as long as the account is open.
import { refuse } from 'indelible'
import { z } from 'zod'
import { money, reference } from '../money.ts'
import { account } from './account.ts'
import { FundsDeposited } from './events.ts'
import { BalanceTooLarge } from './refusals.ts'

export const DepositFunds = account.command('DepositFunds', {
  description: 'Takes in money.',
  input: z.object({ amount: money, reference }),
  emits: [FundsDeposited],
  refuses: ['NoSuchAccount', 'AccountClosed', BalanceTooLarge],
  decide: ({ status, balance }, { amount, reference }) => {
    if (status === 'none') return refuse('NoSuchAccount')
    if (status === 'closed') return refuse('AccountClosed')
    if (!Number.isSafeInteger(balance + amount)) return BalanceTooLarge({ balance })
    return FundsDeposited({ amount, reference })
  },
})
