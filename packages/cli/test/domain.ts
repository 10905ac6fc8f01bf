// A small domain for the tests: accounts with a balance, and a table of them.
import { aggregate, bigint, defineSystem, event, json, projection, type Schema, text } from 'indelible'

const amount: Schema<{ amount: number }> = anything()
const AccountOpened = event('AccountOpened', anything<{ owner: string }>())
const FundsDeposited = event('FundsDeposited', amount)
const FundsWithdrawn = event('FundsWithdrawn', amount)

export const Account = aggregate('account', { initialState: { owner: '', balance: 0 } })
  .on(AccountOpened, (state, { owner }) => ({ ...state, owner }))
  .on(FundsDeposited, (state, { amount }) => ({ ...state, balance: state.balance + amount }))
  .on(FundsWithdrawn, (state, { amount }) => ({ ...state, balance: state.balance - amount }))

const DepositFunds = Account.command('DepositFunds', {
  input: amount,
  emits: [FundsDeposited],
  decide: (_, { amount }) => FundsDeposited({ amount }),
})

/** Parks at a deposit of 13. */
export const balances = projection('balances', {
  table: { account_id: text().key(), owner: text(), balance: bigint(), last: json().nullable() },
})
  .write(AccountOpened, ({ owner }, { streamId }) => ({ account_id: streamId, owner, balance: 0, last: null }))
  .on(FundsDeposited, (row, { amount }) => {
    if (amount === 13) throw new Error('thirteen is unlucky')
    return { ...row, balance: row.balance + amount, last: { kind: 'deposit', amount } }
  })
  .on(FundsWithdrawn, (row, { amount }) => ({ ...row, balance: row.balance - amount }))
const owners = projection('owners', { table: { account_id: text().key(), owner: text() } }).write(
  AccountOpened,
  ({ owner }, { streamId }) => ({ account_id: streamId, owner }),
)

export const system = defineSystem({
  name: 'cli-test',
  commands: [DepositFunds],
  projections: [balances, owners],
})

function anything<Value>(): Schema<Value> {
  return { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Value }) } }
}
