import {
  bigint,
  defineSystem,
  IndelibleError,
  liveModel,
  type Projection,
  ProjectionOperator,
  projection,
  type ReadTables,
  startSystem,
  text,
} from 'indelible'
import { memoryStore, memoryTables } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { CashPaidIn, CashTaken, PayIn, parts, statuses, Take } from './till.ts'

type Faults = { failAt?: number }

/** Cash by till; the handler of CashTaken fails for amounts of `failAt`. */
function cashTable({ failAt }: Faults = {}): Projection {
  return projection('cash', { table: { till: text().key(), cash: bigint() } })
    .write(CashPaidIn, ({ amount }, { streamId }) => ({ till: streamId, cash: amount }))
    .on(CashTaken, (row, { amount }) => {
      if (amount === failAt) throw new Error('this handler is broken')
      return { ...row, cash: row.cash - amount }
    })
}

const counts = projection('payments', { table: { till: text().key(), last: bigint() } }).write(
  CashPaidIn,
  ({ amount }, { streamId }) => ({ till: streamId, last: amount }),
)

function systemWith(...projections: Projection[]) {
  return defineSystem({ name: 'tills', commands: [PayIn, Take], projections })
}

test('a reader that waits for its own write sees it', async () => {
  const cash = cashTable()
  await using system = startSystem(systemWith(cash), parts())
  for (let n = 1; n <= 20; n++) {
    const outcome = await system.send(PayIn('1', { amount: n }))
    if (outcome.status !== 'accepted') throw new Error(outcome.status)
    await system.waitFor(cash, outcome.position)
    expect(await system.select(cash)).toEqual([{ till: '1', cash: n }])
  }
})

test('a table can be read as soon as the system has started, even if the database is slow; a failure is not permanent', async () => {
  const real = memoryTables()
  let answers = false
  const open: ReadTables['open'] = async (table) => {
    if (!answers) throw new IndelibleError('tables_unavailable', 'the database is away')
    await new Promise((resolve) => setTimeout(resolve, 5))
    return await real.open(table)
  }
  const cash = cashTable()
  await using system = startSystem(systemWith(cash), { ...parts(), tables: { ...real, open } })
  await expect(system.select(cash)).rejects.toMatchObject({ code: 'tables_unavailable' })
  answers = true
  expect(await system.select(cash)).toEqual([])
})

test('a wait that times out says how far the projection is; events that it does not handle count as done', async () => {
  await using system = startSystem(systemWith(counts), parts())
  await system.send(PayIn('1', { amount: 2 }))
  await system.send(Take('1', { amount: 1 }))
  await system.waitFor(counts, 2)
  const late = system.waitFor(counts, 99, { timeoutMs: 20 })
  await expect(late).rejects.toMatchObject({ code: 'wait_timeout', details: { position: 99, reached: 2 } })
})

test('a handler that throws parks its projection visibly; the others go on; with fixed code it resumes and has lost nothing', async () => {
  const shared = parts()
  const broken = cashTable({ failAt: 3 })
  const system = startSystem(systemWith(broken, counts), shared)
  await system.send(PayIn('1', { amount: 10 }))
  await system.send(Take('1', { amount: 1 }))
  await system.send(Take('1', { amount: 3 }))
  await system.send(PayIn('2', { amount: 20 }))
  await system.send(Take('2', { amount: 5 }))
  await system.waitFor(counts, 5)
  await expect(system.waitFor(broken, 5)).rejects.toMatchObject({ code: 'projection_parked', details: { position: 3 } })

  const projections = await statuses(system, 'projection')
  expect(projections[0]).toMatchObject({
    name: 'cash',
    state: 'parked',
    position: 2,
    lagEvents: 3,
    error: { message: 'this handler is broken', event: { position: 3, type: 'CashTaken', stream: 'till-1' } },
  })
  expect(projections[1]).toMatchObject({ name: 'payments', state: 'running', lagEvents: 0 })
  expect(await system.select(broken)).toEqual([{ till: '1', cash: 9 }])

  // A new start with fixed code, on the same log and tables.
  const mended = cashTable()
  const again = startSystem(systemWith(mended, counts), shared)
  await again.waitFor(mended, 5)
  expect(await again.select(mended)).toEqual([
    { till: '1', cash: 6 },
    { till: '2', cash: 15 },
  ])
  await again.close()
})

test.each([
  ['nothing that has a text', Object.create(null)],
  ['an object with an odd code', { code: Object.create(null) }],
  ['a symbol', Symbol('odd')],
  ['undefined', undefined],
  ['an error whose message throws', Object.defineProperty(new Error(), 'message', { get: () => expect.unreachable() })],
])('a handler that throws %s parks its projection too', async (_what, thrown) => {
  const throwing = projection('throwing', { table: { till: text().key(), cash: bigint() } }).write(CashPaidIn, () => {
    throw thrown
  })
  await using system = startSystem(systemWith(throwing), parts())
  await system.send(PayIn('1', { amount: 1 }))
  await expect(system.waitFor(throwing, 1)).rejects.toMatchObject({ code: 'projection_parked' })
  expect((await statuses(system, 'projection'))[0]).toMatchObject({
    state: 'parked',
    error: { message: expect.any(String), event: { position: 1 } },
  })
  await expect(system.rebuild(throwing)).rejects.toMatchObject({ code: 'projection_parked' })
})

test.each([
  ['no handler', undefined],
  ['null', null],
  ['a row', { till: '1', last: 0 }],
])('an event with %s for a handler is refused where it is declared', (_what, handler) => {
  const payments = projection('payments', { table: { till: text().key(), last: bigint() } })
  for (const declare of [
    () => payments.write(CashTaken, handler as never),
    () => payments.on(CashTaken, handler as never),
    () => payments.on(CashTaken, { initial: () => ({ till: '', last: 0 }) }, handler as never),
  ]) {
    expect(declare).toThrow(
      expect.objectContaining({
        code: 'invalid_declaration',
        message: 'Projection "payments" has no function for "CashTaken".',
      }),
    )
  }
})

const row = { till: '1', last: 0 }
test.each<[string, { returned: unknown; key?: unknown }, RegExp]>([
  ['no row', { returned: 5 }, /^Table "odd": 5 is not a row, which is an object by the columns: till, last\.$/],
  ['a list with null', { returned: [row, null] }, /^Table "odd": null is not a row/],
  ['a list with a hole', { returned: new Array(1) }, /^Table "odd": undefined is not a row/],
  ['a row without a column', { returned: { till: '1' } }, /^Table "odd", column "last": there is no bigint/],
  ['NaN', { returned: { till: '1', last: Number.NaN } }, /^Table "odd", column "last": NaN is not bigint/],
  ['null as a key', { returned: row, key: null }, /^Table "odd": null is not a key/],
  ['a list of keys with a hole', { returned: row, key: new Array(1) }, /^Table "odd": undefined is not a key/],
])('a projector that gives %s parks with a message that says so', async (_what, { returned, key = row }, message) => {
  const odd = projection('odd', { table: { till: text().key(), last: bigint() } }).on(
    CashPaidIn,
    { key: () => (key === row ? { till: '1' } : (key as never)), initial: () => row },
    () => returned as never,
  )
  await using system = startSystem(systemWith(odd), parts())
  await system.send(PayIn('1', { amount: 1 }))
  await expect(system.waitFor(odd, 1)).rejects.toMatchObject({ code: 'projection_parked', details: { position: 1 } })
  expect((await statuses(system, 'projection'))[0]?.error).toMatchObject({
    code: 'invalid_row',
    message: expect.stringMatching(message),
  })
})

test('a handler that needs a missing row parks with a clear error', async () => {
  const cash = cashTable()
  await using system = startSystem(systemWith(cash), parts())
  await system.store.append({ events: [{ stream: 'till-9', type: 'CashTaken', data: { amount: 1 } }] })
  await expect(system.waitFor(cash, 1)).rejects.toMatchObject({ code: 'projection_parked' })
  expect((await statuses(system, 'projection'))[0]?.error).toMatchObject({ code: 'row_missing' })
})

test('a handler with an initial row gets it if there is no row', async () => {
  const totals = projection('totals', { table: { till: text().key(), total: bigint() } }).on(
    CashPaidIn,
    { initial: ({ till }) => ({ till: till!, total: 0 }) },
    (row, { amount }) => ({ ...row, total: row.total + amount }),
  )
  await using system = startSystem(systemWith(totals), parts())
  await system.send(PayIn('1', { amount: 2 }))
  await system.send(PayIn('1', { amount: 3 }))
  await system.waitFor(totals, 2)
  expect(await system.select(totals)).toEqual([{ till: '1', total: 5 }])
})

test('a database that does not answer is retried, and no event is lost or counted twice', async () => {
  const tables = memoryTables()
  let faults = 0
  const flaky: ReadTables = {
    ...tables,
    async save(change) {
      if (++faults % 3 === 1) throw new IndelibleError('tables_unavailable', 'before the commit')
      const outcome = await tables.save(change)
      // The commit succeeded but its answer was lost.
      if (faults % 3 === 2) throw new IndelibleError('tables_unavailable', 'after the commit')
      return outcome
    },
  }
  const cash = cashTable()
  await using system = startSystem(systemWith(cash), parts({ tables: flaky }))
  await system.send(PayIn('1', { amount: 100 }))
  for (let n = 0; n < 6; n++) {
    await system.send(Take('1', { amount: 1 }))
    await system.waitFor(cash, n + 2)
  }
  expect(await system.select(cash)).toEqual([{ till: '1', cash: 94 }])
  expect(faults).toBeGreaterThan(6)
})

test('two runners on one table never count an event twice', async () => {
  const shared = parts()
  const cash = cashTable()
  const [one, two] = [startSystem(systemWith(cash), shared), startSystem(systemWith(cash), shared)]
  await one.send(PayIn('1', { amount: 1000 }))
  for (let n = 0; n < 200; n++) await one.send(Take('1', { amount: 1 }))
  await Promise.all([one.waitFor(cash, 201), two.waitFor(cash, 201)])
  expect(await one.select(cash)).toEqual([{ till: '1', cash: 800 }])
  await Promise.all([one.close(), two.close()])
})

test('while another process fills the table from another log, this one stands by and does not read from the table', async () => {
  const shared = parts()
  const cash = cashTable()
  const first = startSystem(systemWith(cash), shared)
  for (let n = 1; n <= 5; n++) await first.send(PayIn('1', { amount: n }))
  await first.waitFor(cash, 5)
  // The log was restored from a copy; the tables were not.
  await using second = startSystem(systemWith(cash), { ...shared, store: memoryStore() })
  await second.send(PayIn('1', { amount: 1 }))
  await expect(second.waitFor(cash, 1)).rejects.toMatchObject({ code: 'table_diverged' })
  const diverged = { state: 'diverged', position: 0, error: { code: 'table_diverged' } }
  expect((await statuses(second, 'projection'))[0]).toMatchObject(diverged)
  expect((await second.projectionViews())[0]).toMatchObject({ state: 'diverged' })
  expect(await first.select(cash)).toEqual([{ till: '1', cash: 5 }])
  await first.close()
})

test('a wait may have any length', async () => {
  await using system = startSystem(systemWith(counts), parts())
  const waits = [
    system.waitFor(counts, 1, { timeoutMs: Number.POSITIVE_INFINITY }),
    system.waitFor(counts, 1, { timeoutMs: 30 * 86_400_000 }),
  ]
  await system.send(PayIn('1', { amount: 2 }))
  await Promise.all(waits)
})

test.each([Number.NaN, -1, Number.NEGATIVE_INFINITY, '5', null])(
  'every wait refuses an invalid time (%s)',
  async (notMs) => {
    const timeoutMs = notMs as number
    const shared = parts()
    await using system = startSystem(systemWith(counts), shared)
    const model = await liveModel(counts, shared.store)
    const waits = [
      // Also for a position that was reached already: the mistake must not show only under load.
      system.waitFor(counts, 0, { timeoutMs }),
      new ProjectionOperator(system.system, shared).waitFor(counts.name, 0, { timeoutMs }),
      model.waitFor(0, { timeoutMs }),
    ]
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: 'invalid_duration' })
    await model.close()
  },
)

test('a changed projection rebuilds its table from the log', async () => {
  const shared = parts()
  const first = startSystem(systemWith(counts), shared)
  await first.send(PayIn('1', { amount: 7 }))
  await first.waitFor(counts, 1)
  const doubled = projection('payments', { table: { till: text().key(), last: bigint() }, version: 2 }).write(
    CashPaidIn,
    ({ amount }, { streamId }) => ({ till: streamId, last: 2 * amount }),
  )
  const second = startSystem(systemWith(doubled), shared)
  await vi.waitFor(async () => expect(await second.select(doubled)).toEqual([{ till: '1', last: 14 }]))
  await Promise.all([first.close(), second.close()])
})

test('null removes a row, undefined leaves it', async () => {
  const open = projection('open_tills', { table: { till: text().key(), cash: bigint() } })
    .write(CashPaidIn, ({ amount }, { streamId }) => (amount === 1 ? undefined : { till: streamId, cash: amount }))
    .on(CashTaken, () => null)
  await using system = startSystem(systemWith(open), parts())
  await system.send(PayIn('1', { amount: 1 }))
  await system.send(PayIn('2', { amount: 2 }))
  await system.send(PayIn('3', { amount: 3 }))
  await system.send(Take('2', { amount: 1 }))
  await system.waitFor(open, 4)
  expect(await system.select(open)).toEqual([{ till: '3', cash: 3 }])
})

test('a backlog is taken in whole batches, not event by event', async () => {
  const store = memoryStore()
  const events = Array.from({ length: 5000 }, (_, n) => ({
    stream: `till-${n % 50}` as const,
    type: 'CashPaidIn',
    data: { amount: n + 1 },
  }))
  await store.append({ events })
  const tables = memoryTables()
  const save = vi.fn(tables.save)
  await using system = startSystem(systemWith(counts), parts({ store, tables: { ...tables, save } }))
  await system.waitFor(counts, 5000)
  expect(save.mock.calls.length).toBeLessThanOrEqual(5)
})

test('an event whose row the database refuses parks its projection there, and the events before it are in the table', async () => {
  const tables = memoryTables()
  const picky: ReadTables = {
    ...tables,
    async save(change) {
      if (change.upserts.some((row) => row.last === 13)) throw new IndelibleError('invalid_row', 'The row is too long.')
      return await tables.save(change)
    },
  }
  const store = memoryStore()
  const events = Array.from({ length: 30 }, (_, n) => {
    return { stream: `till-${n}` as const, type: 'CashPaidIn', data: { amount: n + 1 } }
  })
  await store.append({ events })
  await using system = startSystem(systemWith(counts), parts({ store, tables: picky }))
  await expect(system.waitFor(counts, 30)).rejects.toMatchObject({
    code: 'projection_parked',
    details: { position: 13 },
  })
  expect((await statuses(system, 'projection'))[0]).toMatchObject({
    state: 'parked',
    position: 12,
    error: { code: 'invalid_row', event: { position: 13, stream: 'till-12' } },
  })
  expect(await system.select(counts)).toHaveLength(12)
})
