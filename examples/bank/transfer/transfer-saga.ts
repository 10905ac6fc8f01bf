// Two accounts, two banks, no common transaction: withdraw here, deposit there, and when there refuses, take the withdrawal back.
import { type SagaContext, saga } from 'indelible'
import { DepositFunds } from '../account/deposit-funds.ts'
import { ReverseWithdrawal } from '../account/reverse-withdrawal.ts'
import { WithdrawFunds } from '../account/withdraw-funds.ts'
import { type TransferOrder, TransferRequested } from './transfer.ts'

export const transferSaga = saga('transfer', {
  startsOn: TransferRequested,
  steps: [
    { name: 'withdraw', send: withdrawFromSource, undo: reverseWithdrawal },
    { name: 'deposit', send: depositToTarget, timeout: '1m' },
  ],
})

function withdrawFromSource({ from, amount }: TransferOrder, { sagaId }: SagaContext) {
  return WithdrawFunds(from, { amount, reference: `transfer ${sagaId}` })
}

function depositToTarget({ to, amount }: TransferOrder, { sagaId }: SagaContext) {
  return DepositFunds(to, { amount, reference: `transfer ${sagaId}` })
}

function reverseWithdrawal({ from, amount }: TransferOrder, { sagaId }: SagaContext) {
  return ReverseWithdrawal(from, { amount, reference: `transfer ${sagaId}` })
}
