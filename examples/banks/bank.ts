// A bank with a partner. Both banks run this declaration, each with its own log.
import { defineSystem } from 'indelible'
import { CloseAccount } from '../bank/account/close-account.ts'
import { DepositFunds } from '../bank/account/deposit-funds.ts'
import { OpenAccount } from '../bank/account/open-account.ts'
import { ReverseWithdrawal } from '../bank/account/reverse-withdrawal.ts'
import { WithdrawFunds } from '../bank/account/withdraw-funds.ts'
import { CreditTransfer, ReceiveTransfer, ReturnTransfer } from './incoming/incoming.ts'
import { incomingSaga } from './incoming/incoming-saga.ts'
import { partner } from './partner.ts'
import { RequestRemittance } from './remittance/remittance.ts'
import { remittanceSaga } from './remittance/remittance-saga.ts'

const account = [OpenAccount, DepositFunds, WithdrawFunds, ReverseWithdrawal, CloseAccount]

export const bank = defineSystem({
  name: 'bank',
  commands: [...account, RequestRemittance, ReceiveTransfer, CreditTransfer, ReturnTransfer],
  sagas: [remittanceSaga, incomingSaga],
  remotes: [partner],
})
