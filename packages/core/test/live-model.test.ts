import { bigint, liveModel, ProjectionOperator, projection, startSystem, text } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { CashPaidIn, CashTaken, PayIn, parts, startTills, tills, tillTable } from './till.ts'

const cash = projection('cash', {
  table: { till: text().key(), cash: bigint() },
  events: [CashPaidIn, CashTaken],
  on: {
    CashPaidIn: ({ streamId, data }, row = { till: streamId, cash: 0 }) => ({ ...row, cash: row.cash + data.amount }),
    CashTaken: ({ data }, row) => ({ ...row, cash: row.cash - data.amount }),
  },
})

const paid = (till: string, amount: number) =>
  ({ stream: `till-${till}`, type: 'CashPaidIn', data: { amount } }) as const
const taken = (till: string, amount: number) =>
  ({ stream: `till-${till}`, type: 'CashTaken', data: { amount } }) as const

test('the same handlers fill a map in memory, which follows the log', async () => {
  const store = memoryStore()
  await store.append({ events: [paid('1', 10), paid('2', 5), taken('1', 3)] })
  const model = await liveModel(cash, store)
  expect(model.position).toBe(3)
  expect(model.get({ till: '1' })).toEqual({ till: '1', cash: 7 })
  await store.append({ events: [paid('3', 1), taken('2', 5)] })
  await model.waitFor(5)
  expect([...model.rows()]).toEqual([
    { till: '1', cash: 7 },
    { till: '2', cash: 0 },
    { till: '3', cash: 1 },
  ])
  expect(model.get({ till: '4' })).toBeUndefined()
  await model.close()
  await store.close()
})

test('a handler that fails ends a live model there, and who waits is told', async () => {
  const store = memoryStore()
  const model = await liveModel(cash, store)
  await store.append({ events: [paid('1', 1), taken('2', 1), paid('1', 1)] })
  await expect(model.waitFor(3)).rejects.toMatchObject({ code: 'projection_parked', details: { position: 2 } })
  await expect(liveModel(cash, store)).rejects.toMatchObject({ code: 'projection_parked', details: { position: 2 } })
  await model.close()
})

test('a process that runs no projections waits for its own writes too', async () => {
  const shared = parts()
  await using running = startTills(shared)
  const elsewhere = new ProjectionOperator(tills, shared)
  for (let n = 1; n <= 5; n++) {
    const outcome = await running.send(PayIn('1', { amount: n }))
    if (outcome.status !== 'accepted') throw new Error(outcome.status)
    await elsewhere.waitFor(tillTable.name, outcome.position)
    expect(await shared.tables.select(tillTable.table)).toEqual([{ till: '1', cash: n }])
  }
  await expect(elsewhere.waitFor(tillTable.name, 99, { timeoutMs: 30 })).rejects.toMatchObject({
    code: 'wait_timeout',
    details: { position: 99, reached: 5 },
  })
})

test('a system that stands by lets its readers wait for what another one projects', async () => {
  const shared = parts()
  await using one = startTills(shared)
  await one.send(PayIn('1', { amount: 1 }))
  await one.waitFor(tillTable, 1)
  await using two = startSystem(tills, shared)
  const outcome = await two.send(PayIn('1', { amount: 2 }))
  if (outcome.status !== 'accepted') throw new Error(outcome.status)
  await two.waitFor(tillTable, outcome.position)
  expect(await two.select(tillTable)).toEqual([{ till: '1', cash: 2 }])
  expect((await two.health()).projections[0]).toMatchObject({ state: 'standby' })
})
