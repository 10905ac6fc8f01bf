// A small domain for the tests: accounts with a balance.
import { aggregate, defineSystem, event, type Schema } from 'indelible'

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

export const system = defineSystem({ name: 'cli-test', commands: [DepositFunds] })

function anything<Value>(): Schema<Value> {
  return { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Value }) } }
}
