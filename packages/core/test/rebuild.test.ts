// Tables that are rebuilt beside the one that is being read, and comparisons of tables with the log.
import { setImmediate } from 'node:timers/promises'
import {
  bigint,
  defineSystem,
  type Projection,
  projection,
  type RecordedEvent,
  removal,
  startSystem,
  text,
} from 'indelible'
import { memoryStore, memoryTables } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import {
  AskMove,
  CashPaidIn,
  CashTaken,
  moveSaga,
  PayIn,
  parts,
  startTills,
  statuses,
  Take,
  tills,
  tillTable,
} from './till.ts'

/** Cash by till. `factor` stands for a change of the code. */
function cashTable(factor = 1): Projection {
  return projection('cash', {
    table: { till: text().key(), cash: bigint() },
    version: factor,
  })
    .on(CashPaidIn, { initial: (_key, _data, { streamId }) => ({ till: streamId, cash: 0 }) }, (row, { amount }) => ({
      ...row,
      cash: row.cash + factor * amount,
    }))
    .on(CashTaken, (row, { amount }) => ({ ...row, cash: row.cash - factor * amount }))
}

function systemWith(...projections: Projection[]) {
  return defineSystem({ name: 'tills', commands: [PayIn, Take], projections })
}

/** Some tills with some history. */
async function history(store = memoryStore(), events = 400) {
  const list = Array.from({ length: events }, (_, n) => ({
    stream: `till-${n % 40}` as const,
    type: n < 200 || n % 3 > 0 ? 'CashPaidIn' : 'CashTaken',
    data: { amount: 1 + (n % 7) },
  }))
  await store.append({ events: list })
  return store
}

test('a rebuilt table has the same rows each time, and the earlier one is kept', async () => {
  const shared = parts({ store: await history() })
  const cash = cashTable()
  await using system = startSystem(systemWith(cash), shared)
  await system.waitFor(cash, 400)
  const rows = await system.select(cash, { limit: 1000 })
  expect(rows).toHaveLength(40)
  const phases = new Set<string>()
  const first = await system.rebuild(cash, { progress: ({ phase }) => phases.add(phase) })
  expect(first).toMatchObject({ rows: 40, checkedPosition: 400, position: 400 })
  expect([...phases]).toEqual(['folding', 'writing', 'verifying', 'replacing'])
  for (let again = 0; again < 3; again++) {
    const next = await system.rebuild(cash)
    expect(next.contentHash).toBe(first.contentHash)
    expect(await system.select(cash, { limit: 1000 })).toEqual(rows)
  }
  const names = (await shared.tables.list()).map(({ name }) => name)
  expect(names).toEqual(['cash', 'cash__previous'])
  // It continues from there.
  const outcome = await system.send(PayIn('0', { amount: 5 }))
  if (outcome.status !== 'accepted') throw new Error(outcome.status)
  await system.waitFor(cash, outcome.position)
  expect(await system.verifyTable(cash)).toMatchObject({ rows: 40, position: outcome.position, differing: 0 })
})

test('during a rebuild the old table is read and followed, and the new one misses no event that is appended meanwhile', async () => {
  const shared = parts({ store: await history() })
  const cash = cashTable()
  await using system = startSystem(systemWith(cash), shared)
  await system.waitFor(cash, 400)
  let building = true
  const rebuilt = (async () => {
    for (let n = 0; n < 3; n++) await system.rebuild(cash)
    building = false
  })()
  let last = 400
  while (building) {
    const outcome = await system.send(PayIn('7', { amount: 1 }))
    if (outcome.status !== 'accepted') throw new Error(outcome.status)
    last = outcome.position
    await system.waitFor(cash, last)
    // Everything here happens in memory and waits for nothing else.
    await setImmediate()
  }
  await rebuilt
  await system.waitFor(cash, last)
  expect(await system.verifyTable(cash)).toMatchObject({ position: last, differing: 0 })
})

test('changed code is detected at the start, and its table replaces the old one when it is ready', async () => {
  const shared = parts({ store: await history() })
  const [before, after] = [cashTable(), cashTable(2)]
  const old = startSystem(systemWith(before), shared)
  await old.waitFor(before, 400)
  const rows = await old.select(before, { limit: 1000 })
  const notices: string[] = []
  const anew = startSystem(systemWith(after), { ...shared, onNotice: ({ kind }) => notices.push(kind) })
  await anew.waitFor(after, 400)
  expect(await anew.select(after, { limit: 1000 })).toEqual(
    rows.map(({ till, cash }) => ({ till, cash: 2 * Number(cash) })),
  )
  expect(notices).toEqual(['rebuilding', 'rebuilt'])
  // The old code sees that it was replaced, and writes no more.
  await old.send(PayIn('1', { amount: 1 }))
  await anew.waitFor(after, 401)
  await vi.waitFor(async () => expect((await statuses(old, 'projection'))[0]).toMatchObject({ state: 'standby' }))
  expect((await anew.verifyTable(after)).differing).toBe(0)
  await Promise.all([old.close(), anew.close()])
})

test('changed code that fails on the history leaves the old table in place and says at which event', async () => {
  const shared = parts({ store: await history() })
  const before = cashTable()
  const old = startSystem(systemWith(before), shared)
  await old.waitFor(before, 400)
  const rows = await old.select(before, { limit: 1000 })
  const broken = projection('cash', { table: { till: text().key(), cash: bigint() }, version: 2 }).write(
    CashPaidIn,
    ({ amount }, { streamId }) => {
      if (amount === 7) throw new Error('seven is too much')
      return { till: streamId, cash: 0 }
    },
  )
  await using anew = startSystem(systemWith(broken), parts({ store: shared.store, tables: shared.tables }))
  await expect(anew.waitFor(broken, 400)).rejects.toMatchObject({ code: 'projection_parked', details: { position: 7 } })
  const projections = await statuses(anew, 'projection')
  expect(projections[0]).toMatchObject({
    state: 'parked',
    error: { message: 'seven is too much', event: { position: 7 } },
  })
  expect(await anew.select(before, { limit: 1000 })).toEqual(rows)
})

test('a handler that fails stops a rebuild at its event, and readers see the old table', async () => {
  const shared = parts({ store: await history() })
  const before = cashTable()
  await using system = startSystem(systemWith(before), shared)
  await system.waitFor(before, 400)
  await system.consumers.pause(before)
  await vi.waitFor(async () => expect((await statuses(system, 'projection'))[0]).toMatchObject({ state: 'paused' }))
  await shared.store.append({ events: [{ stream: 'till-none', type: 'CashTaken', data: { amount: 1 } }] })
  const { position } = await shared.store.head()
  const failed = { code: 'projection_parked', details: { name: 'cash', position } }
  await expect(system.rebuild(before)).rejects.toMatchObject(failed)
  expect(await system.select(before, { limit: 1000 })).toHaveLength(40)
})

test('a rebuild sends no command and wakes no saga: the log gets only the record of the rebuild', async () => {
  const shared = parts()
  await using system = startTills(shared)
  await system.send(PayIn('1', { amount: 50 }))
  for (let n = 0; n < 5; n++) {
    await system.send(AskMove(String(n), { from: '1', to: '2', amount: 1 + n }))
    await system.waitForSaga(moveSaga, String(n))
  }
  const { position } = await shared.store.head()
  await system.waitFor(tillTable, position)
  const append = vi.spyOn(shared.store, 'append')
  for (let n = 0; n < 3; n++) await system.rebuild(tillTable)
  // Changed code rebuilds its table automatically.
  const changed = { ...tillTable, table: { ...tillTable.table, fingerprint: 'changed' } }
  const again = startSystem({ ...tills, projections: [changed] as unknown as Projection[] }, shared)
  await again.waitFor(changed, position)
  // Only the record of the requested rebuild.
  expect(append.mock.calls.map(([{ events }]) => events.map(({ stream, type }) => `${stream} ${type}`))).toEqual(
    Array(3).fill(['$operator-tills $TableRebuilt']),
  )
  expect(await shared.store.head()).toMatchObject({ position: position + 3 })
  await again.close()
})

test('a rebuild compares its rows with a second fold: a table of impure code is not put in place', async () => {
  const shared = parts({ store: await history() })
  let calls = 0
  const counting = projection('calls', { table: { till: text().key(), cash: bigint() } }).write(
    CashPaidIn,
    (_data, { streamId }) => ({ till: streamId, cash: calls++ }),
  )
  await using system = startSystem(systemWith(counting), { ...shared, domainCode: 'trusted' })
  await system.waitFor(counting, 400)
  await expect(system.rebuild(counting)).rejects.toMatchObject({ code: 'table_mismatch' })
  expect((await shared.tables.list()).some(({ name }) => name === 'calls__previous')).toBe(false)
})

test('a check reports which rows differ from the log', async () => {
  const shared = parts({ store: await history() })
  const cash = cashTable()
  await using system = startSystem(systemWith(cash), shared)
  await system.waitFor(cash, 400)
  await system.consumers.pause(cash)
  await vi.waitFor(async () => expect((await statuses(system, 'projection'))[0]).toMatchObject({ state: 'paused' }))
  // Another process writes into the table.
  const upserts = [
    { till: '3', cash: 999 },
    { till: 'nowhere', cash: 1 },
  ]
  await shared.store.append({ events: [{ stream: 'other-1', type: 'Other', data: {} }] })
  const { position } = await shared.store.head()
  const to = { position, history: (await shared.store.historyAt(position))! }
  const change = { table: cash.table, upserts, removals: [{ till: '5' }], from: 400, to }
  expect(await shared.tables.save(change)).toBe('saved')
  const { differing, differences } = await system.verifyTable(cash)
  expect(differing).toBe(3)
  expect(differences).toMatchObject([
    { key: { till: '3' }, table: { cash: 999 }, log: { till: '3' } },
    { key: { till: '5' }, table: null, log: { till: '5' } },
    { key: { till: 'nowhere' }, table: { cash: 1 }, log: null },
  ])
  await system.consumers.resume(cash)
  await system.rebuild(cash)
  expect((await system.verifyTable(cash)).differing).toBe(0)
})

test('a paused projection stops, and continues from there after the resume', async () => {
  const shared = parts()
  const cash = cashTable()
  await using system = startSystem(systemWith(cash), shared)
  await system.send(PayIn('1', { amount: 1 }))
  await system.waitFor(cash, 1)
  await system.consumers.pause(cash)
  await vi.waitFor(async () => expect((await statuses(system, 'projection'))[0]).toMatchObject({ state: 'paused' }))
  await system.send(PayIn('1', { amount: 2 }))
  const { position } = await system.store.head()
  await expect(system.waitFor(cash, position, { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'wait_timeout',
    details: { reached: 1 },
  })
  await system.consumers.resume(cash)
  await system.waitFor(cash, position)
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 3 }])
})

test('one event may write and remove several rows', async () => {
  const places = {
    key: (_data: unknown, { streamId }: RecordedEvent) => [{ place: streamId }, { place: 'all' }],
    initial: ({ place }: { place?: string }) => ({ place: place!, total: 0 }),
  }
  const transfers = projection('flows', { table: { place: text().key(), total: bigint() } })
    .on(CashPaidIn, places, (row, { amount }) => ({ ...row, total: row.total + amount }))
    .on(CashTaken, places, (row, { amount }, { streamId }) =>
      row.place === 'all'
        ? [
            { ...row, total: row.total - amount },
            { place: `taken-${streamId}`, total: amount },
          ]
        : [removal({ place: streamId })],
    )
  await using system = startSystem(systemWith(transfers), parts())
  await system.send(PayIn('1', { amount: 5 }))
  await system.send(PayIn('2', { amount: 6 }))
  await system.send(Take('1', { amount: 4 }))
  await system.waitFor(transfers, 3)
  const rows = [
    { place: '2', total: 6 },
    { place: 'all', total: 7 },
    { place: 'taken-1', total: 4 },
  ]
  expect(await system.select(transfers)).toEqual(rows)
  await system.rebuild(transfers)
  expect(await system.select(transfers)).toEqual(rows)
})

test('a handler that gives different results for the same event parks in development', async () => {
  let calls = 0
  const counting = projection('calls', { table: { till: text().key(), cash: bigint() } }).write(
    CashPaidIn,
    (_data, { streamId }) => ({ till: streamId, cash: calls++ }),
  )
  await using system = startSystem(systemWith(counting), parts())
  await system.send(PayIn('1', { amount: 5 }))
  await expect(system.waitFor(counting, 1)).rejects.toMatchObject({ code: 'projection_parked' })
  expect((await statuses(system, 'projection'))[0]?.error).toMatchObject({ code: 'impure_projector' })
})

test('a table whose holder died is taken over; a table whose holder lives is not', { timeout: 20_000 }, async () => {
  const shared = parts()
  const cash = cashTable()
  // A holder that does not come back.
  await shared.tables.open(cash.table)
  expect(await shared.tables.lease('cash', { holder: 'dead', ms: 1500 })).toMatchObject({ isHeld: true })
  const [one, two] = [startSystem(systemWith(cash), shared), startSystem(systemWith(cash), shared)]
  await one.send(PayIn('1', { amount: 1 }))
  await one.waitFor(cash, 1)
  const states = [(await statuses(one, 'projection'))[0]!.state, (await statuses(two, 'projection'))[0]!.state].sort()
  expect(states).toEqual(['running', 'standby'])
  await two.waitFor(cash, 1)
  await Promise.all([one.close(), two.close()])
})

test('the staleness of a table in memory over a store in memory is reported', async () => {
  const cash = cashTable()
  await using system = startSystem(systemWith(cash), parts({ tables: memoryTables() }))
  for (let n = 1; n <= 20; n++) await system.send(PayIn('1', { amount: n }))
  await system.waitFor(cash, 20)
  const [status] = await statuses(system, 'projection')
  expect(status!.staleness).toMatchObject({ targetMs: 500, lagMs: 0, p50Ms: expect.any(Number) })
})
