// Who did what in the bank, also where nothing was carried out.
import { auditTrail, causationOf } from 'indelible/history'
import { expect, onTestFinished, test } from 'vitest'
import { DepositFunds } from '../account/deposit-funds.ts'
import { OpenAccount } from '../account/open-account.ts'
import { WithdrawFunds } from '../account/withdraw-funds.ts'
import { RequestTransfer } from '../transfer/transfer.ts'
import { transferSaga } from '../transfer/transfer-saga.ts'
import { bankInMemory } from './bank-in-memory.ts'

test('a refused withdrawal says who asked for how much, and what the balance was', async () => {
  const running = bankInMemory({ audit: { refusals: true } })
  onTestFinished(() => running.close())
  await running.send(OpenAccount('ann', { owner: 'ann' }), { actor: 'clerk' })
  await running.send(DepositFunds('ann', { amount: 10 }), { actor: 'ann' })
  await running.send(WithdrawFunds('ann', { amount: 99 }), { actor: 'eve', metadata: { reason: 'shopping' } })
  const refused = () => Array.fromAsync(auditTrail(running.store, { stream: 'account-ann', outcome: 'refused' }))
  await expect.poll(refused).toMatchObject([
    {
      action: 'WithdrawFunds',
      actor: 'eve',
      reason: 'shopping',
      code: 'InsufficientFunds',
      details: { balance: 10 },
      input: { amount: 99 },
      version: 2,
    },
  ])
})

test('a transfer to nobody: what it set in motion, and how each step ended', async () => {
  const running = bankInMemory({ audit: { refusals: true } })
  onTestFinished(() => running.close())
  await running.send(OpenAccount('ann', { owner: 'ann' }))
  await running.send(DepositFunds('ann', { amount: 10 }))
  const request = { actor: 'ann', correlationId: 'request' }
  await running.send(RequestTransfer('t1', { from: 'ann', to: 'nobody', amount: 5 }), request)
  await running.waitForSaga(transferSaga, 't1')
  const told = async () => {
    const { entries } = await causationOf(running.store, 'request')
    return entries.map(({ entry: { outcome, action, actor }, depth }) => [depth, outcome, action, actor])
  }
  await expect.poll(async () => (await told()).length).toBeGreaterThan(3)
  const [first, ...others] = await told()
  expect(first).toEqual([0, 'accepted', 'RequestTransfer', 'ann'])
  expect(others).toContainEqual([1, 'refused', 'DepositFunds', 'saga:transfer'])
  expect(others).toContainEqual([1, 'accepted', 'ReverseWithdrawal', 'saga:transfer'])
})
