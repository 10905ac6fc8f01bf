// A small domain for the tests: accounts with a balance, and a table of them.
import { aggregate, bigint, defineSystem, event, json, projection, type Schema, text } from 'indelible'

const amount: Schema<{ amount: number }> = anything()
const AccountOpened = event('AccountOpened', anything<{ owner: string }>())
const FundsDeposited = event('FundsDeposited', amount)
const FundsWithdrawn = event('FundsWithdrawn', amount)

export const Account = aggregate('account', {
  initialState: { owner: '', balance: 0 },
  events: [AccountOpened, FundsDeposited, FundsWithdrawn],
  evolve: {
    AccountOpened: (state, { owner }) => ({ ...state, owner }),
    FundsDeposited: (state, { amount }) => ({ ...state, balance: state.balance + amount }),
    FundsWithdrawn: (state, { amount }) => ({ ...state, balance: state.balance - amount }),
  },
})

const DepositFunds = Account.command('DepositFunds', {
  input: amount,
  decide: (_, { amount }) => FundsDeposited({ amount }),
})

/** Parks at a deposit of 13. */
export const balances = projection('balances', {
  table: { account_id: text().key(), owner: text(), balance: bigint(), last: json().nullable() },
  events: [AccountOpened, FundsDeposited, FundsWithdrawn],
  on: {
    AccountOpened: ({ streamId, data }) => ({ account_id: streamId, owner: data.owner, balance: 0, last: null }),
    FundsDeposited: ({ data }, row) => {
      if (data.amount === 13) throw new Error('thirteen is unlucky')
      return { ...row, balance: row.balance + data.amount, last: { kind: 'deposit', amount: data.amount } }
    },
    FundsWithdrawn: ({ data }, row) => ({ ...row, balance: row.balance - data.amount }),
  },
})
const owners = projection('owners', {
  table: { account_id: text().key(), owner: text() },
  events: [AccountOpened],
  on: { AccountOpened: ({ streamId, data }) => ({ account_id: streamId, owner: data.owner }) },
})

export const system = defineSystem({
  name: 'cli-test',
  commands: [DepositFunds],
  projections: [balances, owners],
})

function anything<Value>(): Schema<Value> {
  return { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Value }) } }
}
