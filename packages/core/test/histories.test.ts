// A log is restored from an older copy and then continues differently; data derived from the earlier log remains. Nothing of the lost history may be used.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type EventStore,
  ProjectionOperator,
  projection,
  type ReadTables,
  type RunningSystem,
  startSystem,
  text,
} from 'indelible'
import { backupLog, fileSnapshots, fileStore } from 'indelible/file'
import { memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { bigint, defineSystem } from '../src/index.ts'
import { CashPaidIn, PayIn, parts, statuses, Take } from './till.ts'

const cashTable = (version = 1) =>
  projection('cash', { table: { till: text().key(), cash: bigint() }, version }).on(
    CashPaidIn,
    { initial: (_key, _data, { streamId }) => ({ till: streamId, cash: 0 }) },
    (row, { amount }) => ({ ...row, cash: row.cash + amount }),
  )
const cash = cashTable()
const systemWith = (table = cash) => defineSystem({ name: 'tills', commands: [PayIn], projections: [table] })

let dir = ''
let tables: ReadTables
let notices: object[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'indelible-histories-'))
  tables = memoryTables()
  notices = []
})
afterEach(() => rmSync(dir, { recursive: true }))

/** The tables outlive the system. */
async function open(also: Partial<ReadTables> = {}): Promise<RunningSystem> {
  const store = await fileStore({ dir: join(dir, 'log') })
  const kept = { ...tables, close: async () => {}, ...also }
  return startSystem(systemWith(), parts({ store, tables: kept, onNotice: (notice) => notices.push(notice) }))
}

async function payIn(system: RunningSystem, times: number, amount: number): Promise<void> {
  for (let n = 0; n < times; n++) await system.send(PayIn('1', { amount }))
}

/** A log of 5 events of 1; 5 events of 1000 follow, reach the table and are lost: the log is restored from the earlier copy. */
async function restored(): Promise<void> {
  const system = await open()
  await payIn(system, 5, 1)
  await backupLog({ from: join(dir, 'log'), to: join(dir, 'backup') })
  await payIn(system, 5, 1000)
  await system.waitFor(cash, 10)
  await system.close()
  rmSync(join(dir, 'log'), { recursive: true })
  cpSync(join(dir, 'backup'), join(dir, 'log'), { recursive: true })
}

/** The log grows past the end of the lost history while no process follows it with the tables. */
async function outgrown(times = 8): Promise<void> {
  const store = await fileStore({ dir: join(dir, 'log') })
  for (let n = 0; n < times; n++)
    await store.append({ events: [{ stream: 'till-1', type: 'CashPaidIn', data: { amount: 1 } }] })
  await store.close()
}

const state = async (system: RunningSystem) => (await statuses(system, 'projection'))[0]!

test('a table of a lost history is rebuilt automatically, and this is reported', async () => {
  await restored()
  await outgrown()
  await using system = await open()
  await system.waitFor(cash, 13)
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 13 }])
  expect(notices.slice(0, 2)).toEqual([
    { kind: 'diverged', name: 'cash', position: 10, head: 13 },
    { kind: 'rebuilding', name: 'cash', because: 'diverged' },
  ])
  await vi.waitFor(async () => expect(await state(system)).toMatchObject({ state: 'running', position: 13 }))
  await payIn(system, 1, 1)
  await system.waitFor(cash, 14)
  expect((await system.verifyTable(cash)).differing).toBe(0)
})

test('a table that is ahead of its log is rebuilt automatically too', async () => {
  await restored()
  await using system = await open()
  await payIn(system, 1, 1)
  await system.waitFor(cash, 6)
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 6 }])
  expect(notices[0]).toMatchObject({ kind: 'diverged', position: 10 })
})

test('a log that has grown to exactly the position of the table still counts as another history', async () => {
  await restored()
  await outgrown(5)
  await using system = await open()
  await system.waitFor(cash, 10)
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 10 }])
})

test('the mark survives restarts, the table gets no more events, and the status reports it', async () => {
  await restored()
  await outgrown()
  await tables.setPaused('cash', true)
  for (const _ of ['first', 'again']) {
    notices = []
    await using system = await open()
    await vi.waitFor(async () => expect((await tables.list())[0]).toMatchObject({ isDiverged: true }))
    await vi.waitFor(async () =>
      expect(await state(system)).toMatchObject({ state: 'paused', position: 0, error: { code: 'table_diverged' } }),
    )
    expect(notices).toEqual([{ kind: 'diverged', name: 'cash', position: 10, head: 13 }])
    await expect(system.waitFor(cash, 1, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'wait_timeout' })
    await expect(system.verifyTable(cash)).rejects.toMatchObject({ code: 'table_diverged' })
    expect(await system.projectionViews()).toMatchObject([{ state: 'diverged', position: 10 }])
  }
  await using system = await open()
  await system.consumers.resume(cash)
  await system.waitFor(cash, 13)
  expect(await tables.list()).toMatchObject([
    { name: 'cash', isDiverged: false },
    { name: 'cash__previous', isDiverged: true },
  ])
})

test('during the rebuild health reports the table as diverged, and waiting readers are not answered from it', async () => {
  await restored()
  await outgrown()
  const held = Promise.withResolvers<void>()
  await using system = await open({
    async bulkLoad(...args) {
      await held.promise
      return await tables.bulkLoad(...args)
    },
  })
  await vi.waitFor(async () =>
    expect(await state(system)).toMatchObject({ state: 'diverged', rebuild: { phase: 'writing' } }),
  )
  await expect(system.waitFor(cash, 1, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'wait_timeout' })
  held.resolve()
  await system.waitFor(cash, 13)
})

test('tools that run no projections detect it before it is marked, and do not read from the table', async () => {
  await restored()
  await outgrown()
  const store = await fileStore({ dir: join(dir, 'log'), access: 'read' })
  const operator = new ProjectionOperator(systemWith(), { store, tables })
  expect(await operator.list()).toMatchObject([{ state: 'diverged' }])
  await expect(operator.waitFor('cash', 3, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'wait_timeout' })
  await expect(operator.verify('cash')).rejects.toMatchObject({ code: 'table_diverged' })
  expect(await operator.rebuild('cash')).toMatchObject({ position: 13 })
  await operator.waitFor('cash', 13)
  expect(await operator.list()).toMatchObject([{ state: 'idle' }])
  await store.close()
})

test('of two processes with different logs, only the one that runs the projection rebuilds its table', async () => {
  await restored()
  await outgrown()
  await using system = await open()
  await system.waitFor(cash, 13)
  const other: EventStore = await fileStore({ dir: join(dir, 'backup') })
  const kept = { ...tables, close: async () => {} }
  const bystander = startSystem(systemWith(), parts({ store: other, tables: kept }))
  await vi.waitFor(async () => expect(await state(bystander)).toMatchObject({ state: 'diverged' }), { timeout: 5_000 })
  await payIn(system, 1, 1)
  await system.waitFor(cash, 14)
  await bystander.close()
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 14 }])
  expect((await tables.list())[0]).toMatchObject({ isDiverged: false })
})

test('a table that other code built and no process follows is followed again by the earlier process', async () => {
  await using system = await open()
  await payIn(system, 2, 1)
  await system.waitFor(cash, 2)
  // A command line from the sources beside a compiled server.
  const reader = await fileStore({ dir: join(dir, 'log'), access: 'read' })
  await new ProjectionOperator(systemWith(cashTable(2)), { store: reader, tables }).rebuild('cash')
  await reader.close()
  await payIn(system, 1, 1)
  await system.waitFor(cash, 3, { timeoutMs: 20_000 })
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 3 }])
  expect(notices).toMatchObject([
    { kind: 'overtaken', name: 'cash' },
    { kind: 'rebuilding', because: 'changed' },
    { kind: 'rebuilt', position: 3 },
  ])
  await vi.waitFor(async () => expect(await state(system)).toMatchObject({ state: 'running' }))
})

test('a process leaves a table to other code that follows it, until that code ends', async () => {
  await using system = await open()
  await payIn(system, 1, 1)
  await system.waitFor(cash, 1)
  const reader = await fileStore({ dir: join(dir, 'log'), access: 'read' })
  const newer = cashTable(2)
  const other = startSystem(systemWith(newer), parts({ store: reader, tables: { ...tables, close: async () => {} } }))
  await other.waitFor(newer, 1)
  await vi.waitFor(async () => expect(await state(system)).toMatchObject({ state: 'standby' }), { timeout: 5_000 })
  await new Promise((resolve) => setTimeout(resolve, 4_500))
  expect(await state(system)).toMatchObject({
    state: 'standby',
    error: { message: expect.stringMatching(/another version of the code/i) },
  })
  await payIn(system, 1, 1)
  await other.waitFor(newer, 2)
  expect((await statuses(other, 'projection'))[0]).toMatchObject({ state: 'running' })
  await other.close()
  await system.waitFor(cash, 2, { timeoutMs: 20_000 })
  await vi.waitFor(async () => expect(await state(system)).toMatchObject({ state: 'running' }))
})

test('a snapshot of a lost history is not used for decisions', async () => {
  const openTills = async () =>
    startSystem(
      defineSystem({ name: 'tills', commands: [PayIn, Take] }),
      parts({
        store: await fileStore({ dir: join(dir, 'log') }),
        snapshots: fileSnapshots({ dir: join(dir, 'snapshots') }),
      }),
    )
  let system = await openTills()
  await payIn(system, 50, 1)
  await backupLog({ from: join(dir, 'log'), to: join(dir, 'backup') })
  await payIn(system, 55, 1000)
  await system.close()
  rmSync(join(dir, 'log'), { recursive: true })
  cpSync(join(dir, 'backup'), join(dir, 'log'), { recursive: true })
  // Another till takes the log past the position of the snapshot.
  system = await openTills()
  for (let n = 0; n < 60; n++) await system.send(PayIn('2', { amount: 1 }))
  const refused = { status: 'refused', version: 50, details: { cash: 50 } }
  expect(await system.send(Take('1', { amount: 10_000 }))).toMatchObject(refused)
  expect(await system.send(Take('1', { amount: 50 }))).toMatchObject({ status: 'accepted', version: 51 })
  await system.close()
})

test('a snapshot that names no history is not used, whatever its position', async () => {
  const store = memoryStore()
  await store.append({ events: [{ stream: 'till-1', type: 'CashPaidIn', data: { amount: 5 } }] })
  for (const position of [1, 99, -1, Number.NaN, '2', undefined]) {
    const lying = {
      ...memorySnapshots(),
      load: async () => ({ version: 1, position, state: { cash: 9_000 } }) as never,
    }
    const kept = { ...store, close: async () => {} }
    const tills = defineSystem({ name: 'tills', commands: [PayIn, Take] })
    await using system = startSystem(tills, parts({ store: kept, snapshots: lying }))
    expect(await system.send(Take('1', { amount: 100 })), String(position)).toMatchObject({
      status: 'refused',
      details: { cash: 5 },
    })
  }
})

test('a retry does not start from the state that was overtaken', async () => {
  const snapshots = memorySnapshots()
  const store = memoryStore()
  await store.append({ events: [{ stream: 'till-1', type: 'CashPaidIn', data: { amount: 5 } }] })
  // A store that lies: its snapshot is of this log but has a state that never existed.
  const lying = {
    ...snapshots,
    load: async (...[stream, fingerprint]: Parameters<typeof snapshots.load>) =>
      asked++ > 0
        ? undefined
        : {
            stream,
            fingerprint,
            code: 'c',
            version: 9,
            position: 1,
            history: (await store.historyAt(1))!,
            state: { cash: 9_000 },
          },
  }
  let asked = 0
  await using system = startSystem(systemWith(), parts({ store, snapshots: lying }))
  expect(await system.send(PayIn('1', { amount: 1 }))).toMatchObject({ status: 'accepted', version: 2 })
})
