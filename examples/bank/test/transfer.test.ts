import { expect, test } from 'vitest'
import { CloseAccount } from '../account/close-account.ts'
import { DepositFunds } from '../account/deposit-funds.ts'
import { OpenAccount } from '../account/open-account.ts'
import { accountBalances } from '../projections/account-balances.ts'
import { accountStatement } from '../projections/account-statement.ts'
import { RequestTransfer } from '../transfer/transfer.ts'
import { transferSaga } from '../transfer/transfer-saga.ts'
import { bankInMemory } from './bank-in-memory.ts'

async function bankWithAnnAndBen() {
  const bank = bankInMemory()
  await bank.send(OpenAccount('ann', { owner: 'Ann' }))
  await bank.send(OpenAccount('ben', { owner: 'Ben' }))
  await bank.send(DepositFunds('ann', { amount: 100 }))
  return bank
}

test('a transfer moves money from one account to another', async () => {
  await using bank = await bankWithAnnAndBen()
  await bank.send(RequestTransfer('t', { from: 'ann', to: 'ben', amount: 60 }))
  expect(await bank.waitForSaga(transferSaga, 't')).toMatchObject({ status: 'completed' })
  await bank.waitFor(accountBalances, (await bank.store.head()).position)
  expect(await bank.select(accountBalances)).toEqual([
    { account_id: 'ann', owner: 'Ann', status: 'open', balance: 40 },
    { account_id: 'ben', owner: 'Ben', status: 'open', balance: 60 },
  ])
})

test('when the target refuses, the withdrawal is reversed, and the statement shows both', async () => {
  await using bank = await bankWithAnnAndBen()
  await bank.send(CloseAccount('ben', {}))
  await bank.send(RequestTransfer('t', { from: 'ann', to: 'ben', amount: 60 }))
  expect(await bank.waitForSaga(transferSaga, 't')).toMatchObject({
    status: 'compensated',
    failure: { step: 'deposit', reason: 'AccountClosed' },
  })
  await bank.waitFor(accountStatement, (await bank.store.head()).position)
  const statement = await bank.select(accountStatement, { where: { account_id: 'ann' } })
  expect(statement.map(({ booking, amount, balance, reference }) => [booking, amount, balance, reference])).toEqual([
    ['AccountOpened', 0, 0, null],
    ['FundsDeposited', 100, 100, null],
    ['FundsWithdrawn', -60, 40, 'transfer t'],
    ['WithdrawalReversed', 60, 100, 'transfer t'],
  ])
})

test('a transfer that the source refuses changes nothing', async () => {
  await using bank = await bankWithAnnAndBen()
  await bank.send(RequestTransfer('t', { from: 'ann', to: 'ben', amount: 101 }))
  expect(await bank.waitForSaga(transferSaga, 't')).toMatchObject({
    status: 'compensated',
    failure: { step: 'withdraw', reason: 'InsufficientFunds', details: { balance: 100 } },
  })
})

test('a transfer can be requested only once, and not to the same account', async () => {
  await using bank = await bankWithAnnAndBen()
  const order = { from: 'ann', to: 'ben', amount: 1 }
  await bank.send(RequestTransfer('t', order))
  expect(await bank.send(RequestTransfer('t', order))).toMatchObject({ status: 'refused', reason: 'TransferExists' })
  expect(await bank.send(RequestTransfer('u', { ...order, to: 'ann' }))).toMatchObject({
    status: 'refused',
    reason: 'SameAccount',
  })
})

test('a transfer to an impossible account id is refused as a request', async () => {
  await using bank = await bankWithAnnAndBen()
  for (const to of ['a\nb', 'x'.repeat(300), '']) {
    await expect(bank.send(RequestTransfer('t', { from: 'ann', to, amount: 1 }))).rejects.toMatchObject({
      code: 'invalid_command',
    })
  }
})

test('a transfer with the longest possible id moves money like any other', async () => {
  await using bank = await bankWithAnnAndBen()
  const id = 'x'.repeat(256)
  await bank.send(RequestTransfer(id, { from: 'ann', to: 'ben', amount: 60 }))
  expect(await bank.waitForSaga(transferSaga, id)).toMatchObject({ status: 'completed' })
})
