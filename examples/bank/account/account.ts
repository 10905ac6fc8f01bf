// An account as its events make it: the state that commands are checked against.
import { aggregate } from 'indelible'
import { accountEvents } from './events.ts'

export interface AccountState {
  status: 'none' | 'open' | 'closed'
  balance: number
  overdraftLimit: number
}

const initialState: AccountState = { status: 'none', balance: 0, overdraftLimit: 0 }

export const account = aggregate('account', {
  initialState,
  events: accountEvents,
  evolve: {
    AccountOpened: (state, { overdraftLimit }): AccountState => ({ ...state, status: 'open', overdraftLimit }),
    FundsDeposited: (state, { amount }) => ({ ...state, balance: state.balance + amount }),
    FundsWithdrawn: (state, { amount }) => ({ ...state, balance: state.balance - amount }),
    WithdrawalReversed: (state, { amount }) => ({ ...state, balance: state.balance + amount }),
    BalanceAdjusted: (state, { difference }) => ({ ...state, balance: state.balance + difference }),
    AccountClosed: (state): AccountState => ({ ...state, status: 'closed', overdraftLimit: 0 }),
  },
})
