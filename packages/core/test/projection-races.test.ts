// Moments in which two things happen to a projection at the same time: a save in progress, a table that others change, a lease that is lost.
import { setTimeout as pause } from 'node:timers/promises'
import {
  bigint,
  date,
  defineSystem,
  type EventStore,
  ProjectionOperator,
  projection,
  type ReadTables,
  startSystem,
  text,
  timestamp,
} from 'indelible'
import { stagingTable } from 'indelible/adapter'
import { memoryStore, memoryTables } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { CashPaidIn, CashTaken, PayIn, parts, statuses, Take } from './till.ts'

const cash = projection('cash', { table: { till: text().key(), cash: bigint() } })
  .on(CashPaidIn, { initial: (_key, _data, { streamId }) => ({ till: streamId, cash: 0 }) }, (row, { amount }) => ({
    ...row,
    cash: row.cash + amount,
  }))
  .on(CashTaken, (row, { amount }) => (row.cash === amount ? null : { ...row, cash: row.cash - amount }))
const tills = defineSystem({ name: 'tills', commands: [PayIn, Take], projections: [cash] })

const paid = (till: string, amount: number) =>
  ({ stream: `till-${till}`, type: 'CashPaidIn', data: { amount } }) as const
const taken = (till: string, amount: number) =>
  ({ stream: `till-${till}`, type: 'CashTaken', data: { amount } }) as const
const other = { stream: 'other-1', type: 'Other', data: {} } as const

test('what is folded while only a checkpoint is being written is saved after it, even if nothing else arrives', async () => {
  const tables = memoryTables()
  const store = memoryStore()
  const slow: ReadTables = {
    ...tables,
    async save(change) {
      const isCheckpoint = change.upserts.length + change.removals.length === 0
      // The event arrives while the checkpoint is being written.
      if (isCheckpoint) {
        await store.append({ events: [paid('1', 5)] })
        await pause(50)
      }
      return await tables.save(change)
    },
  }
  await using system = startSystem(tills, parts({ store, tables: slow }))
  await system.waitFor(cash, 0)
  await store.append({ events: [other] })
  await vi.waitFor(async () => expect((await store.head()).position).toBe(2))
  await system.waitFor(cash, 2, { timeoutMs: 2_000 })
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 5 }])
})

test('a process that takes a projection over while the earlier one still saves does not park at events that are already in the rows', async () => {
  const tables = memoryTables()
  const store = memoryStore()
  const kept = { close: async () => {} }
  const first = startSystem(tills, parts({ store: { ...store, ...kept }, tables: { ...tables, ...kept } }))
  await store.append({ events: [paid('1', 5)] })
  await first.waitFor(cash, 1)
  let met = 0
  const overtaken: ReadTables = {
    ...tables,
    async lease(name, options) {
      // Between the read of the checkpoint and the lease, the holder saves once more and ends.
      if (met++ === 0) {
        await store.append({ events: [taken('1', 5)] })
        await first.waitFor(cash, 2)
        await first.close()
      }
      return await tables.lease(name, options)
    },
  }
  const notices: string[] = []
  await using second = startSystem(
    tills,
    parts({ store, tables: overtaken, onNotice: ({ kind }) => notices.push(kind) }),
  )
  await second.waitFor(cash, 2)
  expect((await statuses(second, 'projection'))[0]).toMatchObject({ state: 'running', position: 2 })
  expect(notices).toEqual([])
  expect(await second.select(cash)).toEqual([])
})

test('a table of another history is rebuilt automatically, and the runner continues with it', async () => {
  const tables = memoryTables()
  const store = memoryStore()
  await tables.open(cash.table)
  const to = { position: 99, history: 'another' }
  await tables.save({ table: cash.table, upserts: [{ till: '9', cash: 9 }], removals: [], from: 0, to })
  await store.append({ events: [paid('1', 5)] })
  await using system = startSystem(tills, parts({ store, tables }))
  await system.waitFor(cash, 1)
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 5 }])
  await store.append({ events: [paid('1', 5)] })
  await system.waitFor(cash, 2)
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 10 }])
})

test('streams whose ids are the same key in different notations share a row', async () => {
  const totals = projection('totals', { table: { day: timestamp().key(), total: bigint() } }).on(
    CashPaidIn,
    { initial: (_key, _data, { streamId }) => ({ day: streamId, total: 0 }) },
    (row, { amount }) => ({ ...row, total: row.total + amount }),
  )
  const store = memoryStore()
  const ids = ['1993-01-31T12:00:00Z', '1993-01-31T13:00:00+01:00']
  await using system = startSystem(
    defineSystem({ name: 'days', commands: [PayIn], projections: [totals] }),
    parts({ store }),
  )
  for (const [at, id] of [...ids, ...ids].entries()) {
    await store.append({ events: [paid(id, 1)] })
    await system.waitFor(totals, at + 1)
  }
  const rows = [{ day: '1993-01-31T12:00:00.000Z', total: 4 }]
  expect(await system.select(totals)).toEqual(rows)
  await system.rebuild(totals)
  expect(await system.select(totals)).toEqual(rows)
})

test('an event whose row is invalid does not discard the rows of the events before it', async () => {
  const totals = projection('totals', { table: { day: date().key(), total: bigint() } }).on(
    CashPaidIn,
    { initial: (_key, _data, { streamId }) => ({ day: streamId, total: 0 }) },
    (row, { amount }) => ({ ...row, total: row.total + amount }),
  )
  const system = defineSystem({ name: 'days', commands: [PayIn], projections: [totals] })
  const shared = parts()
  const kept: ReadTables = { ...shared.tables, close: async () => {} }
  const store: EventStore = {
    ...shared.store,
    close: async () => {},
    // Streams are numbered in another order than that of their first events, as in replay columns.
    async *replay(types, options) {
      for await (const batch of shared.store.replay(types, options)) {
        const last = batch.streamCount - 1
        yield {
          ...batch,
          streams: batch.streams.map((stream) => last - stream),
          streamId: (at) => batch.streamId(last - at),
        }
      }
    },
  }
  const first = startSystem(system, { ...shared, store, tables: kept })
  await store.append({ events: [paid('1993-01-31', 5)] })
  await first.waitFor(totals, 1)
  await first.close()
  await store.append({ events: [paid('1993-01-31', 1), paid('no day', 1)] })
  await using second = startSystem(system, { ...shared, store, tables: kept })
  await expect(second.waitFor(totals, 3)).rejects.toMatchObject({ code: 'projection_parked', details: { position: 3 } })
  await vi.waitFor(async () => expect(await second.select(totals)).toEqual([{ day: '1993-01-31', total: 6 }]))
})

test('a rebuild that loses its lease reports that another one runs', async () => {
  const shared = parts()
  await shared.store.append({ events: [paid('1', 5)] })
  const tables: ReadTables = {
    ...shared.tables,
    async scan(table, visit) {
      // It slept for so long that another one began.
      await shared.tables.drop(table.name)
      await shared.tables.open(table)
      await shared.tables.lease(table.name, { holder: 'another', ms: 60_000 })
      await pause(1_500)
      return await shared.tables.scan(table, visit)
    },
  }
  const operator = new ProjectionOperator(tills, { store: shared.store, tables })
  await expect(operator.rebuild('cash')).rejects.toMatchObject({ code: 'projection_busy' })
  expect((await shared.tables.list()).find(({ name }) => name === stagingTable(cash.table).name)?.holder).toBe(
    'another',
  )
})

// A rebuilt table may have the same checkpoint, but it has another generation.
test('rows that the runner has in memory do not undo a rebuild by another process', async () => {
  const shared = parts()
  await using system = startSystem(tills, shared)
  await shared.store.append({ events: [paid('1', 5)] })
  await system.waitFor(cash, 1)
  await system.consumers.pause(cash)
  await vi.waitFor(async () => expect((await statuses(system, 'projection'))[0]).toMatchObject({ state: 'paused' }))
  await shared.store.append({ events: [other] })
  const upserts = [{ till: '1', cash: 999 }]
  const { position } = await shared.store.head()
  const to = { position, history: (await shared.store.historyAt(position))! }
  expect(await shared.tables.save({ table: cash.table, upserts, removals: [], from: 1, to })).toBe('saved')
  await system.consumers.resume(cash)
  await shared.store.append({ events: [paid('1', 1)] })
  await system.waitFor(cash, (await shared.store.head()).position)
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 1000 }])
  await new ProjectionOperator(tills, shared).rebuild('cash')
  await shared.store.append({ events: [paid('1', 1)] })
  await system.waitFor(cash, (await shared.store.head()).position)
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 7 }])
})
