// Money comes in, as long as the account is open.
import { refuse } from 'indelible'
import { z } from 'zod'
import { money, reference } from '../money.ts'
import { account } from './account.ts'
import { FundsDeposited } from './events.ts'

export const DepositFunds = account.command('DepositFunds', {
  input: z.object({ amount: money, reference }),
  decide: ({ status, balance }, { amount, reference }) => {
    if (status === 'none') return refuse('NoSuchAccount')
    if (status === 'closed') return refuse('AccountClosed')
    if (!Number.isSafeInteger(balance + amount)) return refuse('BalanceTooLarge', { balance })
    return FundsDeposited({ amount, reference })
  },
})
