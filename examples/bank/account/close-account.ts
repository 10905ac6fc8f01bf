// An account is closed when nothing is left on it and nothing is owed.
import { refuse } from 'indelible'
import { z } from 'zod'
import { account } from './account.ts'
import { AccountClosed } from './events.ts'
import { BalanceNotZero } from './refusals.ts'

export const CloseAccount = account.command('CloseAccount', {
  description: 'Closes an account on which nothing is left and nothing is owed.',
  input: z.object({}),
  emits: [AccountClosed],
  refuses: ['NoSuchAccount', 'AccountClosed', BalanceNotZero],
  decide: ({ status, balance }) => {
    if (status === 'none') return refuse('NoSuchAccount')
    if (status === 'closed') return refuse('AccountClosed')
    return balance === 0 ? AccountClosed({}) : BalanceNotZero({ balance })
  },
})
