import {
  bigint,
  defineSystem,
  liveModel,
  ProjectionOperator,
  projection,
  startSystem,
  text,
  timestamp,
} from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { CashPaidIn, CashTaken, PayIn, parts, startTills, statuses, tills, tillTable } from './till.ts'

const cash = projection('cash', { table: { till: text().key(), cash: bigint() } })
  .on(CashPaidIn, { initial: (_key, _data, { streamId }) => ({ till: streamId, cash: 0 }) }, (row, { amount }) => ({
    ...row,
    cash: row.cash + amount,
  }))
  .on(CashTaken, (row, { amount }) => ({ ...row, cash: row.cash - amount }))

const paid = (till: string, amount: number) =>
  ({ stream: `till-${till}`, type: 'CashPaidIn', data: { amount } }) as const
const taken = (till: string, amount: number) =>
  ({ stream: `till-${till}`, type: 'CashTaken', data: { amount } }) as const

test('the same handlers fill a map in memory that follows the log', async () => {
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

test('a handler that fails stops a live model at its event, and waiting readers get the error', async () => {
  const store = memoryStore()
  const model = await liveModel(cash, store)
  await store.append({ events: [paid('1', 1), taken('2', 1), paid('1', 1)] })
  await expect(model.waitFor(3)).rejects.toMatchObject({ code: 'projection_parked', details: { position: 2 } })
  await expect(liveModel(cash, store)).rejects.toMatchObject({ code: 'projection_parked', details: { position: 2 } })
  await model.close()
})

test('closing a live model fails waiting readers immediately, and later ones too', async () => {
  for (const close of ['model', 'store'] as const) {
    const store = memoryStore()
    const model = await liveModel(cash, store)
    const closed = expect(model.waitFor(1)).rejects.toMatchObject({ code: 'store_closed' })
    await { model, store }[close].close()
    await closed
    await expect(model.waitFor(1)).rejects.toMatchObject({ code: 'store_closed' })
    await model.waitFor(0)
    await model.close()
  }
})

test('a row is found by its key, whatever text the key has', async () => {
  const days = projection('days', { table: { at: timestamp().key(), paid: bigint() } }).on(
    CashPaidIn,
    { key: () => ({ at: '2020-01-01T00:00:00Z' }), initial: () => ({ at: '2020-01-01T00:00:00Z', paid: 0 }) },
    (_row, { amount }) => ({ at: '2020-01-01T01:00:00+01:00', paid: amount }),
  )
  const store = memoryStore()
  await store.append({ events: [paid('1', 10)] })
  const model = await liveModel(days, store)
  for (const at of ['2020-01-01T00:00:00.000Z', '2020-01-01T00:00:00Z', '2019-12-31T23:00:00-01:00']) {
    expect(model.get({ at })).toEqual({ at: '2020-01-01T00:00:00.000Z', paid: 10 })
  }
  expect(() => model.get({})).toThrow(expect.objectContaining({ code: 'invalid_row' }))
  await model.close()
})

test('waiting for an invalid position is refused immediately by every function', async () => {
  const shared = parts()
  await using running = startTills(shared)
  await running.send(PayIn('1', { amount: 1 }))
  await running.waitFor(tillTable, 1)
  const model = await liveModel(cash, shared.store)
  const operator = new ProjectionOperator(tills, shared)
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, 'abc', 1.5, -1, undefined, null, '1', 1n]) {
    const position = odd as number
    for (const wait of [
      () => running.waitFor(tillTable, position),
      () => model.waitFor(position),
      () => operator.waitFor(tillTable.name, position),
    ]) {
      await expect(wait(), String(odd)).rejects.toMatchObject({ code: 'invalid_position' })
    }
  }
  await model.close()
})

test('a reader that waits in another process gets an error when the projection is parked there', async () => {
  const shared = parts()
  const failing = (message: string) =>
    projection('failing', { table: { till: text().key(), cash: bigint() } }).write(
      CashPaidIn,
      ({ amount }, { streamId }) => {
        if (amount === 2) throw new Error(message)
        return { till: streamId, cash: amount }
      },
    )
  const [parking, other] = [failing('two is too much'), failing('two is too much')].map((declared, revision) => {
    const table = { ...declared.table, fingerprint: `code ${revision}` }
    return defineSystem({ name: 'tills', commands: [PayIn], projections: [{ ...declared, table }] })
  })
  await using running = startSystem(parking!, shared)
  const elsewhere = new ProjectionOperator(parking!, shared)
  await running.send(PayIn('1', { amount: 1 }))
  const early = expect(elsewhere.waitFor('failing', 2)).rejects.toMatchObject({ code: 'projection_parked' })
  await running.send(PayIn('1', { amount: 2 }))
  await expect(running.waitFor({ name: 'failing' }, 2)).rejects.toMatchObject({ code: 'projection_parked' })
  await early
  // The state before the event is available.
  await elsewhere.waitFor('failing', 1)
  for (const timeoutMs of [5_000, 1]) {
    await expect(elsewhere.waitFor('failing', 2, { timeoutMs })).rejects.toMatchObject({
      code: 'projection_parked',
      message: 'Projection "failing" is parked at position 2 (CashPaidIn): two is too much',
      details: { name: 'failing', position: 2 },
    })
  }
  // Other code may get further.
  const wait = new ProjectionOperator(other!, shared).waitFor('failing', 2, { timeoutMs: 30 })
  await expect(wait).rejects.toMatchObject({ code: 'wait_timeout' })
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

test('a system in standby lets its readers wait for what another one projects', async () => {
  const shared = parts()
  await using one = startTills(shared)
  await one.send(PayIn('1', { amount: 1 }))
  await one.waitFor(tillTable, 1)
  await using two = startSystem(tills, shared)
  const outcome = await two.send(PayIn('1', { amount: 2 }))
  if (outcome.status !== 'accepted') throw new Error(outcome.status)
  await two.waitFor(tillTable, outcome.position)
  expect(await two.select(tillTable)).toEqual([{ till: '1', cash: 2 }])
  expect((await statuses(two, 'projection'))[0]).toMatchObject({ state: 'standby' })
})
