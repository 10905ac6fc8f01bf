// What becomes of a transfer that was received: the partner hears of it from the event feed of this bank.
import { saga } from 'indelible'
import { DepositFunds } from '../../bank/account/deposit-funds.ts'
import { CreditTransfer, ReturnTransfer, TransferReceived } from './incoming.ts'

export const incomingSaga = saga('incoming', { startsOn: TransferReceived, owner: 'payments team' })
  .step('deposit', {
    command: DepositFunds,
    to: ({ to }) => to,
    input: ({ amount }, { sagaId }) => ({ amount, reference: `transfer ${sagaId}` }),
    continueOn: ['NoSuchAccount', 'AccountClosed', 'BalanceTooLarge'],
  })
  .choose('answer', (_transfer, { answers }) => (answers.deposit === undefined ? 'credited' : 'returned'), {
    credited: (flow) =>
      flow.step('tell', { command: CreditTransfer, to: (_transfer, { sagaId }) => sagaId, input: () => ({}) }),
    returned: (flow) =>
      flow.step('tell', {
        command: ReturnTransfer,
        to: (_transfer, { sagaId }) => sagaId,
        input: (_transfer, { answers }) => ({ reason: answers.deposit!.refused }),
      }),
  })
