// Every node of the transfer with every fault that can happen there: no money appears or is lost.
import { faultMatrix, formatFaultMatrix } from 'indelible/testing'
import { expect, test } from 'vitest'
import { DepositFunds } from '../account/deposit-funds.ts'
import { OpenAccount } from '../account/open-account.ts'
import { bank } from '../bank.ts'
import { accountBalances } from '../projections/account-balances.ts'
import { inFlight } from '../projections/in-flight.ts'
import { RequestTransfer } from '../transfer/transfer.ts'
import { transferSaga } from '../transfer/transfer-saga.ts'

test('a transfer moves its money once or not at all, with every fault', async () => {
  const matrix = await faultMatrix({
    system: bank,
    saga: transferSaga,
    seed: async (running) => {
      for (const id of ['ann', 'ben']) await running.send(OpenAccount(id, { owner: id }))
      await running.send(DepositFunds('ann', { amount: 100 }))
    },
    start: RequestTransfer('t', { from: 'ann', to: 'ben', amount: 60 }),
    invariant: async (running, { status }) => {
      const moved = status === 'completed' ? 60 : 0
      expect(await running.select(accountBalances)).toMatchObject([{ balance: 100 - moved }, { balance: moved }])
      expect(await running.select(inFlight)).toEqual([])
    },
  })
  console.log(formatFaultMatrix(matrix))
  expect(matrix.problems).toEqual([])
})
