// Every command of the bank, those of its sagas too, is decided again and comes to the same events; a changed rule is found where it first matters.
import { defineSystem } from 'indelible'
import { replayDecisions } from 'indelible/history'
import { expect, onTestFinished, test } from 'vitest'
import { account } from '../account/account.ts'
import { DepositFunds } from '../account/deposit-funds.ts'
import { FundsWithdrawn } from '../account/events.ts'
import { OpenAccount } from '../account/open-account.ts'
import { InsufficientFunds } from '../account/refusals.ts'
import { WithdrawFunds } from '../account/withdraw-funds.ts'
import { bank } from '../bank.ts'
import { RequestTransfer } from '../transfer/transfer.ts'
import { transferSaga } from '../transfer/transfer-saga.ts'
import { bankInMemory } from './bank-in-memory.ts'

async function transferred() {
  const running = bankInMemory()
  onTestFinished(() => running.close())
  for (const id of ['ann', 'ben']) await running.send(OpenAccount(id, { owner: id }))
  await running.send(DepositFunds('ann', { amount: 100 }))
  for (const [id, to, amount] of [
    ['t1', 'ben', 60],
    ['t2', 'nobody', 10],
    ['t3', 'ben', 500],
  ] as const) {
    await running.send(RequestTransfer(id, { from: 'ann', to, amount }))
    await running.waitForSaga(transferSaga, id)
  }
  return running
}

test('the same code makes the same decisions', async () => {
  const { store } = await transferred()
  const replayed = await Array.fromAsync(replayDecisions(store, bank))
  expect(replayed.filter(({ verdict }) => verdict !== 'same')).toEqual([])
  expect(replayed.map(({ command }) => command)).toContain('ReverseWithdrawal')
})

test('a changed rule is found at the first command that it would answer differently', async () => {
  const { store } = await transferred()
  const Strict = account.command('WithdrawFunds', {
    input: WithdrawFunds.input as typeof FundsWithdrawn.schema,
    emits: [FundsWithdrawn],
    refuses: [InsufficientFunds],
    decide: (_state, data) =>
      data.amount > 50 ? InsufficientFunds({ balance: 0, overdraftLimit: 0 }) : FundsWithdrawn(data),
  })
  const commands = bank.commands.map((each) => (each.type === 'WithdrawFunds' ? Strict : each))
  const changed = defineSystem({ ...bank, commands, sagas: [], policies: [] })
  const [first] = (await Array.fromAsync(replayDecisions(store, changed))).filter(({ verdict }) => verdict !== 'same')
  expect(first).toMatchObject({
    verdict: 'different',
    stream: 'account-ann',
    isOtherCode: true,
    difference: { state: { balance: 100 }, input: { amount: 60 }, now: { status: 'refused' } },
  })
})
