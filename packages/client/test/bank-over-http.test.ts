// The client against the bank, over real HTTP. What is typed here compiles only because the type of the bank says so.
import { client, isClientError } from '@indelible/client'
import { expect, expectTypeOf, test } from 'vitest'
import type { bank } from '../../../examples/bank/bank.ts'
import { bankInMemory } from '../../../examples/bank/test/bank-in-memory.ts'
import { servedUrl } from './served.ts'

async function openBank(options: { actor?: string } = {}) {
  const running = bankInMemory()
  const url = await servedUrl(running)
  return { running, url, api: client<typeof bank>({ url, ...options }) }
}

async function withAccounts(ids: readonly string[], amount = 100) {
  const opened = await openBank()
  for (const id of ids) {
    const account = opened.api.aggregate('account', id)
    await account.send('OpenAccount', { owner: id })
    await account.send('DepositFunds', { amount })
  }
  return opened
}

test('a command is accepted, and its events, state and rows are typed', async () => {
  const { api } = await withAccounts(['ann'])
  const ann = api.aggregate('account', 'ann')
  const { state, version } = await ann.state()
  expectTypeOf(state.balance).toEqualTypeOf<number>()
  expect({ state, version }).toEqual({ state: { status: 'open', balance: 100, overdraftLimit: 0 }, version: 2 })
  const amounts: number[] = []
  for await (const event of ann.events()) if (event.type === 'FundsDeposited') amounts.push(event.data.amount)
  expect(amounts).toEqual([100])
})

test('a refusal is an outcome, and its reason tells its details', async () => {
  const { api } = await withAccounts(['ann'])
  const outcome = await api.aggregate('account', 'ann').send('WithdrawFunds', { amount: 101 })
  if (outcome.status !== 'refused' || outcome.reason !== 'InsufficientFunds') return expect.unreachable()
  expectTypeOf(outcome.details).toEqualTypeOf<{ balance: number; overdraftLimit: number }>()
  expect(outcome).toMatchObject({ stream: 'account-ann', version: 2, details: { balance: 100, overdraftLimit: 0 } })
})

test('the outcomes of a command are those that it declares', () => {
  const send = client<typeof bank>({ url: 'http://localhost' }).aggregate('transfer', 't').send<'RequestTransfer'>
  type Found = Awaited<ReturnType<typeof send>>
  expectTypeOf<Found['status']>().toEqualTypeOf<'accepted' | 'refused' | 'conflict'>()
  expectTypeOf<Extract<Found, { status: 'refused' }>['reason']>().toEqualTypeOf<'TransferExists' | 'SameAccount'>()
})

test('a command for another version is a conflict', async () => {
  const { api } = await withAccounts(['ann'])
  const ann = api.aggregate('account', 'ann')
  expect(await ann.send('DepositFunds', { amount: 1 }, { expectedVersion: 1 })).toMatchObject({
    status: 'conflict',
    version: 2,
  })
  expect(await ann.send('DepositFunds', { amount: 1 }, { expectedVersion: 2 })).toMatchObject({ status: 'accepted' })
})

test('a command with the same id is carried out once, and can be found by its id', async () => {
  const { api } = await withAccounts(['ann'])
  const ann = api.aggregate('account', 'ann')
  const first = await ann.send('DepositFunds', { amount: 1 }, { commandId: 'once' })
  const second = await ann.send('DepositFunds', { amount: 1 }, { commandId: 'once' })
  expect([first, second]).toMatchObject([{ duplicate: false }, { duplicate: true, position: 3 }])
  expect(await api.command('once')).toMatchObject({ status: 'carriedOut', position: 3 })
  expect(await api.command('never')).toEqual({ status: 'unknown' })
})

test('an input that does not fit is an error with its code and its command id', async () => {
  const { api } = await withAccounts(['ann'])
  const wrong = api.aggregate('account', 'ann').send('DepositFunds', { amount: -1 }, { commandId: 'wrong' })
  await expect(wrong).rejects.toMatchObject({
    name: 'ClientError',
    code: 'invalid_command',
    status: 400,
    details: { commandId: 'wrong', issues: [{ path: 'amount' }] },
  })
})

test('names and actors of any characters arrive', async () => {
  const { api, running } = await openBank({ actor: 'Žofie' })
  const outcome = await api.aggregate('account', 'a/b ž%').send('OpenAccount', { owner: 'Žofie' }, { commandId: 'ž' })
  expect(outcome).toMatchObject({ status: 'accepted', commandId: 'ž', stream: 'account-a/b ž%' })
  const found = await running.findCommand('ž')
  expect(found.status === 'carriedOut' && found.events[0]!.metadata.actor).toBe('Žofie')
})

test('a client reads its own writes from a table', async () => {
  const { api } = await withAccounts(['ann', 'ben'])
  for (let balance = 101; balance < 121; balance += 1) {
    await api.aggregate('account', 'ann').send('DepositFunds', { amount: 1 })
    const { rows, position } = await api.table('account_balances').page({ where: { account_id: 'ann' } })
    expect(rows).toEqual([{ account_id: 'ann', owner: 'ann', status: 'open', balance }])
    expect(position).toBeGreaterThanOrEqual(api.written)
  }
})

test('rows come by conditions and in an order, over all pages', async () => {
  const ids = Array.from({ length: 7 }, (_, index) => `a${index}`)
  const { api } = await withAccounts(ids)
  const balances = api.table('account_balances')
  const owners: string[] = []
  for await (const { owner } of balances.rows({
    where: { balance: { gte: 100, lt: 101 }, account_id: { in: ids.slice(0, 5), notIn: ['a1'] } },
    orderBy: [{ owner: 'desc' }],
    limit: 2,
  }))
    owners.push(owner)
  expect(owners).toEqual(['a4', 'a3', 'a2', 'a0'])
  expect((await balances.page({ where: { account_id: { in: [] } } })).rows).toEqual([])
  const past = await balances.page({ position: 2 })
  expect(past.rows).toEqual([{ account_id: 'a0', owner: 'a0', status: 'open', balance: 100 }])
})

test('null is a condition like other values, where a URL can say it', async () => {
  const { api } = await withAccounts(['ann'])
  await api.aggregate('account', 'ann').send('DepositFunds', { amount: 1, reference: 'rent' })
  const statement = api.table('account_statement')
  const lines = async (where: Parameters<typeof statement.page>[0] & object) =>
    (await statement.page(where)).rows.map(({ line }) => line)
  expect(await lines({ where: { reference: null } })).toEqual([1, 2])
  expect(await lines({ where: { reference: { ne: null } } })).toEqual([3])
  expect(await lines({ where: { reference: { ne: 'rent' } } })).toEqual([1, 2])
  expect(await lines({ where: { reference: { notIn: ['food', null] } } })).toEqual([3])
  await expect(lines({ where: { reference: { in: ['rent', null] } } })).rejects.toMatchObject({
    code: 'invalid_request',
  })
})

test('the end of a saga is waited for, also before it has started', async () => {
  const { api } = await withAccounts(['ann', 'ben'])
  const ending = api.saga('transfer', 't1').end()
  await api.aggregate('transfer', 't1').send('RequestTransfer', { from: 'ann', to: 'ben', amount: 60 })
  expect(await ending).toMatchObject({ saga: 'transfer', id: 't1', status: 'completed' })
  expect((await api.aggregate('account', 'ben').state()).state.balance).toBe(160)
  expect(await api.saga('transfer', 't1').cancel('Too late')).toMatchObject({ cancelled: false })
})

test('a saga that does not end in time is an error', async () => {
  const { api } = await openBank()
  await expect(api.saga('transfer', 'none').end({ timeoutMs: 150 })).rejects.toMatchObject({ code: 'wait_timeout' })
  await expect(api.saga('transfer', 'none').show()).rejects.toMatchObject({ code: 'saga_missing', status: 404 })
})

test('what does not exist is an error with its code', async () => {
  const { api } = await openBank()
  const error = await api
    .aggregate('account', 'nobody')
    .state()
    .catch((caught: unknown) => caught)
  expect(isClientError(error, 'aggregate_missing')).toBe(true)
  expect(isClientError(error, 'unreachable')).toBe(false)
})
