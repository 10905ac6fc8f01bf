// What operators do, and what happens to projections at bad moments: readers never see anything wrong, and the status says what is going on.
import { setTimeout as pause } from 'node:timers/promises'
import {
  bigint,
  defineSystem,
  type EventStore,
  IndelibleError,
  ProjectionOperator,
  projection,
  type ReadTables,
  type SystemNotice,
  startSystem,
  text,
} from 'indelible'
import { memoryStore, memoryTables } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { CashPaidIn, PayIn, parts, statuses } from './till.ts'

function cashTable({ factor = 1, unlucky = 0 } = {}) {
  return projection('cash', {
    table: { till: text().key(), cash: bigint() },
    staleness: { targetMs: 100 },
    version: 1000 * factor + unlucky,
  }).on(CashPaidIn, { initial: (_key, _data, { streamId }) => ({ till: streamId, cash: 0 }) }, (row, { amount }) => {
    if (amount === unlucky) throw new Error('unlucky')
    return { ...row, cash: row.cash + factor * amount }
  })
}
const systemWith = (cash: ReturnType<typeof cashTable>) =>
  defineSystem({ name: 'tills', commands: [PayIn], projections: [cash] })
const paid = (till: string, amount: number) =>
  ({ stream: `till-${till}`, type: 'CashPaidIn', data: { amount } }) as const

/** Reports for a while that the log ends earlier than others know. */
function slowToSay(store: EventStore, { position, ms }: { position: number; ms: number }): EventStore {
  const until = performance.now() + ms
  return {
    ...store,
    async head() {
      const head = await store.head()
      return performance.now() < until ? { ...head, position: Math.min(head.position, position) } : head
    },
  }
}

test('a table that is ahead only of this process’s view of the log does not count as ahead', async () => {
  const cash = cashTable()
  const shared = parts()
  const elsewhere = startSystem(systemWith(cash), shared)
  for (let n = 1; n <= 5; n++) await shared.store.append({ events: [paid('1', n)] })
  await elsewhere.waitFor(cash, 5)
  const drop = vi.fn(shared.tables.drop)
  const store = slowToSay(shared.store, { position: 2, ms: 300 })
  const here = startSystem(systemWith(cash), { ...shared, store, tables: { ...shared.tables, drop } })
  await here.waitFor(cash, 5)
  const operator = new ProjectionOperator(systemWith(cash), {
    store: slowToSay(shared.store, { position: 2, ms: 300 }),
    tables: { ...shared.tables, drop },
  })
  expect(await operator.verify('cash')).toMatchObject({ position: 5, differing: 0 })
  await operator.rebuild('cash')
  expect(drop.mock.calls.flat()).not.toContain('cash')
  expect(await here.select(cash)).toEqual([{ till: '1', cash: 15 }])
  await Promise.all([here.close(), elsewhere.close()])
})

test('verify reports a table of another history, and a rebuild replaces the table and its notes in one step', async () => {
  const cash = cashTable()
  const { store, tables } = parts()
  await tables.open(cash.table)
  await tables.save({
    table: cash.table,
    upserts: [{ till: '9', cash: 9 }],
    removals: [],
    from: 0,
    to: { position: 99, history: 'another' },
  })
  await tables.setPaused('cash', true)
  await store.append({ events: [paid('1', 5)] })
  const operator = new ProjectionOperator(systemWith(cash), { store, tables })
  await expect(operator.verify('cash')).rejects.toMatchObject({
    code: 'table_diverged',
    details: { position: 99, head: 1 },
  })
  expect(await operator.rebuild('cash')).toMatchObject({ rows: 1, position: 1 })
  expect(await operator.show('cash')).toMatchObject({ state: 'paused', position: 1, previous: { position: 99 } })
  expect(await tables.select(cash.table)).toEqual([{ till: '1', cash: 5 }])
})

test('a rebuild ends even if the live table is always slightly faster', { timeout: 30_000 }, async () => {
  const cash = cashTable()
  const shared = parts()
  let amount = 0
  const busy: ReadTables = {
    ...shared.tables,
    async replace(...args) {
      await shared.store.append({ events: [paid('1', 1)] })
      // In the live table before the other can replace it, if a process follows it.
      await system.waitFor(cash, ++amount, { timeoutMs: 50 }).catch(() => {})
      return await shared.tables.replace(...args)
    },
  }
  await using system = startSystem(systemWith(cash), { ...shared, tables: busy })
  await system.waitFor(cash, 0)
  await system.rebuild(cash)
  await system.waitFor(cash, amount)
  expect(amount).toBeGreaterThan(3)
  expect(await system.select(cash)).toEqual([{ till: '1', cash: amount }])
})

test('a row that the database refuses parks at its event, even if a later handler fails in the same batch', async () => {
  const cash = cashTable({ unlucky: 2 })
  const tables = memoryTables()
  const picky: ReadTables = {
    ...tables,
    async save(change) {
      if (change.upserts.some(({ till }) => till === 'long')) throw new IndelibleError('invalid_row', 'Too long.')
      return await tables.save(change)
    },
  }
  const store = memoryStore()
  await store.append({ events: [paid('long', 1), paid('1', 2)] })
  await using system = startSystem(systemWith(cash), parts({ store, tables: picky }))
  await expect(system.waitFor(cash, 2)).rejects.toMatchObject({ code: 'projection_parked', details: { position: 1 } })
})

test('changed code whose table cannot be built is parked, and not tried again until it is resumed', async () => {
  const shared = parts()
  const before = cashTable()
  const old = startSystem(systemWith(before), shared)
  await shared.store.append({ events: [paid('1', 5)] })
  await old.waitFor(before, 1)
  let refuses = true
  const picky: ReadTables = {
    ...shared.tables,
    close: async () => {},
    async bulkLoad(...args) {
      if (refuses) throw new IndelibleError('invalid_row', 'The row is too long.')
      return await shared.tables.bulkLoad(...args)
    },
  }
  const after = cashTable({ factor: 2 })
  const notices: string[] = []
  const onNotice = ({ kind }: SystemNotice) => notices.push(kind)
  const anew = startSystem(systemWith(after), { ...shared, tables: picky, onNotice })
  await expect(anew.waitFor(after, 1)).rejects.toMatchObject({ code: 'invalid_row' })
  await pause(1_500)
  expect(notices).toEqual(['rebuilding', 'parked'])
  expect((await statuses(anew, 'projection'))[0]).toMatchObject({ state: 'parked', error: { code: 'invalid_row' } })
  refuses = false
  await anew.consumers.resume(after)
  await anew.waitFor(after, 1)
  expect(await anew.select(after)).toEqual([{ till: '1', cash: 10 }])
  await Promise.all([anew.close(), old.close()])
})

test('a pause that comes before the first look of the runner holds', async () => {
  const cash = cashTable()
  const shared = parts()
  const late: ReadTables = {
    ...shared.tables,
    async open(table) {
      await pause(30)
      return await shared.tables.open(table)
    },
  }
  await using system = startSystem(systemWith(cash), { ...shared, tables: late })
  await system.consumers.pause(cash)
  await shared.store.append({ events: [paid('1', 5)] })
  await vi.waitFor(
    async () => expect((await statuses(system, 'projection'))[0]).toMatchObject({ state: 'paused' }),
    5_000,
  )
  await shared.store.append({ events: [paid('1', 5)] })
  const { position } = await shared.store.head()
  await expect(system.waitFor(cash, position, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'wait_timeout' })
})

test('a reader that waits for changed code gets no answer from what other code filled', async () => {
  const shared = parts()
  const before = cashTable()
  const old = startSystem(systemWith(before), shared)
  await shared.store.append({ events: [paid('1', 5)] })
  await old.waitFor(before, 1)
  await old.consumers.pause(before)
  const after = cashTable({ factor: 2 })
  const anew = startSystem(systemWith(after), shared)
  await expect(anew.waitFor(after, 1, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'wait_timeout' })
  await anew.consumers.resume(after)
  await anew.waitFor(after, 1)
  expect(await anew.select(after)).toEqual([{ till: '1', cash: 10 }])
  await Promise.all([anew.close(), old.close()])
})

test('the status shows that a parked projection is also paused', async () => {
  const cash = cashTable({ unlucky: 5 })
  await using system = startSystem(systemWith(cash), parts())
  await system.store.append({ events: [paid('1', 5)] })
  await expect(system.waitFor(cash, 1)).rejects.toMatchObject({ code: 'projection_parked' })
  await system.consumers.pause(cash)
  await vi.waitFor(async () => expect((await statuses(system, 'projection'))[0]).toMatchObject({ state: 'paused' }))
})

test('a table that falls behind while the database does not answer is reported as stale, and as fresh afterwards', async () => {
  const cash = cashTable()
  const shared = parts()
  let isDown = false
  const flaky: ReadTables = {
    ...shared.tables,
    async save(change) {
      if (isDown) throw new IndelibleError('tables_unavailable', 'It does not answer.')
      return await shared.tables.save(change)
    },
    async open(table) {
      if (isDown) throw new IndelibleError('tables_unavailable', 'It does not answer.')
      return await shared.tables.open(table)
    },
  }
  const notices: string[] = []
  const onNotice = ({ kind }: SystemNotice) => notices.push(kind)
  await using system = startSystem(systemWith(cash), { ...shared, tables: flaky, onNotice })
  await shared.store.append({ events: [paid('1', 5)] })
  await system.waitFor(cash, 1)
  isDown = true
  await shared.store.append({ events: [paid('1', 5)] })
  await vi.waitFor(() => expect(notices).toEqual(['stale']), 5_000)
  isDown = false
  await system.waitFor(cash, 2, { timeoutMs: 10_000 })
  await vi.waitFor(() => expect(notices).toEqual(['stale', 'fresh']), 5_000)
})
