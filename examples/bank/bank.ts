// The bank, declared: what it can be told, what it shows, and the one process that spans accounts.
import { defineSystem } from 'indelible'
import { AdjustBalance } from './account/adjust-balance.ts'
import { CloseAccount } from './account/close-account.ts'
import { DepositFunds } from './account/deposit-funds.ts'
import { OpenAccount } from './account/open-account.ts'
import { ReverseWithdrawal } from './account/reverse-withdrawal.ts'
import { WithdrawFunds } from './account/withdraw-funds.ts'
import { accountBalances } from './projections/account-balances.ts'
import { accountStatement } from './projections/account-statement.ts'
import { inFlight } from './projections/in-flight.ts'
import { RequestTransfer } from './transfer/transfer.ts'
import { transferSaga } from './transfer/transfer-saga.ts'

export const bank = defineSystem({
  name: 'bank',
  description: 'A bank: accounts that take in and give out money, and transfers between them.',
  commands: [OpenAccount, DepositFunds, WithdrawFunds, ReverseWithdrawal, AdjustBalance, CloseAccount, RequestTransfer],
  projections: [accountBalances, accountStatement, inFlight],
  sagas: [transferSaga],
})
