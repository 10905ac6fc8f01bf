// The bank of the projection benchmarks: accounts that are opened and booked on, their commands, and the read table of their balances.
import { aggregate, bigint, defineSystem, event, integer, projection, type Schema, text } from 'indelible'

/** The benchmarks do not measure the validation of input. */
export const anything = <Data>(): Schema<Data> => ({
  '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value: value as Data }) },
})

export interface Booking {
  readonly amount: number
  readonly operation: string
  readonly symbol: string
  readonly day: string
}

export const AccountOpened = event('AccountOpened', anything<{ owner: string; district: string; day: string }>())
export const FundsDeposited = event('FundsDeposited', anything<Booking>())
export const FundsWithdrawn = event('FundsWithdrawn', anything<Booking>())

export const account = aggregate('account', { initialState: { balance: 0 } })
  .on(AccountOpened, (state) => state)
  .on(FundsDeposited, ({ balance }, { amount }) => ({ balance: balance + amount }))
  .on(FundsWithdrawn, ({ balance }, { amount }) => ({ balance: balance - amount }))

export const OpenAccount = account.command('OpenAccount', {
  input: AccountOpened.schema,
  emits: [AccountOpened],
  decide: (_state, data) => AccountOpened(data),
})

export const Deposit = account.command('Deposit', {
  input: FundsDeposited.schema,
  emits: [FundsDeposited],
  decide: (_state, data) => FundsDeposited(data),
})

/** Handlers as users would write them. */
export const accountBalances = projection('account_balances', {
  table: { account_id: text().key(), owner: text(), balance: bigint(), bookings: integer() },
  staleness: { targetMs: 50 },
})
  .write(AccountOpened, ({ owner }, { streamId }) => ({ account_id: streamId, owner, balance: 0, bookings: 0 }))
  .on(FundsDeposited, (row, { amount }) => ({ ...row, balance: row.balance + amount, bookings: row.bookings + 1 }))
  .on(FundsWithdrawn, (row, { amount }) => ({ ...row, balance: row.balance - amount, bookings: row.bookings + 1 }))

export const bank = defineSystem({
  name: 'bank',
  commands: [OpenAccount, Deposit],
  projections: [accountBalances],
})
