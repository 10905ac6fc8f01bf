// What every account holds now: one row an account.
import { bigint, projection, text } from 'indelible'
import {
  AccountClosed,
  AccountOpened,
  BalanceAdjusted,
  FundsDeposited,
  FundsWithdrawn,
  WithdrawalReversed,
} from '../account/events.ts'

export const accountBalances = projection('account_balances', {
  description: 'What every account holds now.',
  table: { account_id: text().key(), owner: text(), status: text(), balance: bigint() },
  staleness: { targetMs: 50 },
})
  .write(AccountOpened, ({ owner }, { streamId }) => ({ account_id: streamId, owner, status: 'open', balance: 0 }))
  .on(FundsDeposited, (row, { amount }) => ({ ...row, balance: row.balance + amount }))
  .on(FundsWithdrawn, (row, { amount }) => ({ ...row, balance: row.balance - amount }))
  .on(WithdrawalReversed, (row, { amount }) => ({ ...row, balance: row.balance + amount }))
  .on(BalanceAdjusted, (row, { difference }) => ({ ...row, balance: row.balance + difference }))
  .on(AccountClosed, (row) => ({ ...row, status: 'closed' }))
