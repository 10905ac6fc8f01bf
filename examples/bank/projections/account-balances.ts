// What every account holds now: one row an account.
import { bigint, projection, text } from 'indelible'
import { accountEvents } from '../account/events.ts'

export const accountBalances = projection('account_balances', {
  table: { account_id: text().key(), owner: text(), status: text(), balance: bigint() },
  staleness: { targetMs: 50 },
  events: accountEvents,
  on: {
    AccountOpened: ({ streamId, data }) => ({ account_id: streamId, owner: data.owner, status: 'open', balance: 0 }),
    FundsDeposited: ({ data }, row) => ({ ...row, balance: row.balance + data.amount }),
    FundsWithdrawn: ({ data }, row) => ({ ...row, balance: row.balance - data.amount }),
    WithdrawalReversed: ({ data }, row) => ({ ...row, balance: row.balance + data.amount }),
    BalanceAdjusted: ({ data }, row) => ({ ...row, balance: row.balance + data.difference }),
    AccountClosed: (_event, row) => ({ ...row, status: 'closed' }),
  },
})
