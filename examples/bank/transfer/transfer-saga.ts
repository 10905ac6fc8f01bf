// Two accounts, two banks, no common transaction: withdraw here, deposit there, and when there refuses, take the withdrawal back.
import { type SagaContext, saga } from 'indelible'
import { DepositFunds } from '../account/deposit-funds.ts'
import { ReverseWithdrawal } from '../account/reverse-withdrawal.ts'
import { WithdrawFunds } from '../account/withdraw-funds.ts'
import { type TransferOrder, TransferRequested } from './transfer.ts'

const booking = ({ amount }: TransferOrder, { sagaId }: SagaContext) => ({ amount, reference: `transfer ${sagaId}` })

export const transferSaga = saga('transfer', {
  startsOn: TransferRequested,
  owner: 'payments team',
  description: 'Moves money from one account to another. What the other account refuses goes back.',
})
  .step('withdraw', {
    command: WithdrawFunds,
    to: ({ from }) => from,
    input: booking,
    compensate: { command: ReverseWithdrawal, to: ({ from }) => from, input: booking },
  })
  .step('deposit', { command: DepositFunds, to: ({ to }) => to, input: booking, timeout: '1m' })
