// Two banks, two logs, no common transaction: withdraw here, deposit there. When the partner refuses, or returns the money, the withdrawal is reversed.
import { saga } from 'indelible'
import { ReverseWithdrawal } from '../../bank/account/reverse-withdrawal.ts'
import { WithdrawFunds } from '../../bank/account/withdraw-funds.ts'
import { partner } from '../partner.ts'
import { RemittanceRequested } from './remittance.ts'

const booking = ({ amount }: { readonly amount: number }, { sagaId }: { readonly sagaId: string }) => ({
  amount,
  reference: `transfer ${sagaId}`,
})

export const remittanceSaga = saga('remittance', {
  startsOn: RemittanceRequested,
  cancelsOn: partner.events.TransferReturned,
  owner: 'payments team',
})
  .step('withdraw', {
    command: WithdrawFunds,
    to: ({ from }) => from,
    input: booking,
    compensate: { command: ReverseWithdrawal, to: ({ from }) => from, input: booking },
  })
  .choose('way', ({ isInstant }) => (isInstant ? 'instant' : 'ordinary'), {
    instant: (flow) =>
      flow.step('deposit', {
        command: partner.commands.DepositFunds,
        to: ({ to }) => to,
        input: booking,
        timeout: '10s',
      }),
    ordinary: (flow) =>
      flow
        .step('send', {
          command: partner.commands.ReceiveTransfer,
          to: (_order, { sagaId }) => sagaId,
          input: ({ to, amount }) => ({ to, amount }),
          compensate: 'nothing',
        })
        .awaitEvent('credited', partner.events.TransferCredited, { within: 'forever' }),
  })
