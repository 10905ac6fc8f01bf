// The partner bank, as this bank knows it: what it can be told, and what is heard from it.
import { remoteSystem } from 'indelible'
import { DepositFunds } from '../bank/account/deposit-funds.ts'
import { ReceiveTransfer, TransferCredited, TransferReturned } from './incoming/incoming.ts'

export const partner = remoteSystem('partner', {
  commands: [ReceiveTransfer, DepositFunds],
  events: [TransferCredited, TransferReturned],
  from: 'beginning',
})
