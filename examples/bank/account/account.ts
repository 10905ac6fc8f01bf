// An account as its events make it: the state that commands are checked against.
import { aggregate } from 'indelible'
import {
  AccountClosed,
  AccountOpened,
  BalanceAdjusted,
  FundsDeposited,
  FundsWithdrawn,
  WithdrawalReversed,
} from './events.ts'

export interface AccountState {
  status: 'none' | 'open' | 'closed'
  balance: number
  overdraftLimit: number
}

const initialState: AccountState = { status: 'none', balance: 0, overdraftLimit: 0 }

export const account = aggregate('account', {
  initialState,
  description: 'The money of one owner. It may go below zero only as far as its overdraft limit.',
})
  .on(AccountOpened, (state, { overdraftLimit }) => ({ ...state, status: 'open', overdraftLimit }))
  .on(FundsDeposited, (state, { amount }) => ({ ...state, balance: state.balance + amount }))
  .on(FundsWithdrawn, (state, { amount }) => ({ ...state, balance: state.balance - amount }))
  .on(WithdrawalReversed, (state, { amount }) => ({ ...state, balance: state.balance + amount }))
  .on(BalanceAdjusted, (state, { difference }) => ({ ...state, balance: state.balance + difference }))
  .on(AccountClosed, (state) => ({ ...state, status: 'closed', overdraftLimit: 0 }))
