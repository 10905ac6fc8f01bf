// Inline projections in Postgres: events and rows are committed together, whatever happens.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import {
  aggregate,
  defineSystem,
  event,
  integer,
  projection,
  type RunningSystem,
  refuse,
  type StartOptions,
  startSystem,
  text,
} from 'indelible'
import { memorySnapshots } from 'indelible/memory'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { postgresStore, postgresTables } from '../src/index.ts'
import { postgresDatabase } from '../src/server/index.ts'
import type { SqlReadTables } from '../src/tables/index.ts'

const amount = z.object({ by: z.int() })
const Counted = event('Counted', amount)
const Cleared = event('Cleared', z.object({}))
const counter = aggregate('counter', { initialState: 0 })
  .on(Counted, (sum, { by }) => sum + by)
  .on(Cleared, () => 0)
const Count = counter.command('Count', {
  input: amount,
  emits: [Counted],
  refuses: ['Negative'],
  decide: (sum, { by }) => (sum + by < 0 ? refuse('Negative') : Counted({ by })),
})
const Clear = counter.command('Clear', { input: z.object({}), emits: [Cleared], decide: () => Cleared({}) })

function counts(version: number, factor = 1) {
  return projection('counts', { version, inline: true, table: { id: text().key(), events: integer(), sum: integer() } })
    .on(Counted, { initial: ({ id }) => ({ id: id!, events: 0, sum: 0 }) }, (row, { by }) => {
      if (by === 13) throw new Error('No thirteen.')
      return { ...row, events: row.events + 1, sum: row.sum + factor * by }
    })
    .on(Cleared, { initial: ({ id }) => ({ id: id!, events: 0, sum: 0 }) }, () => null)
}

function systemOf(version = 1, factor = 1) {
  return defineSystem({ name: 'counters', commands: [Count, Clear], projections: [counts(version, factor)] })
}

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

let places = 0
function newPlace() {
  const number = ++places
  return { schema: `logs_${number}`, tables: `Tables ${number}` }
}
type Place = ReturnType<typeof newPlace>

async function started(
  place: Place,
  { system = systemOf(), ...options }: Partial<StartOptions> & { system?: ReturnType<typeof systemOf> } = {},
) {
  const { connectionString } = server
  const store = await postgresStore({ connectionString, schema: place.schema })
  const tables = await postgresTables({ connectionString, schema: place.tables })
  const { inline } = store
  const hasBegun = Promise.withResolvers<boolean>()
  const begin: typeof inline.begin = async (...of) => {
    hasBegun.resolve(await inline.begin(...of))
    return await hasBegun.promise
  }
  const told = { ...store, inline: { begin, standstill: inline.standstill.bind(inline) } }
  const running = startSystem(system, { store: told, tables, snapshots: memorySnapshots(), ...options })
  onTestFinished(() => running.close())
  return Object.assign(running as RunningSystem<SqlReadTables>, { hasBegun: hasBegun.promise })
}
type Started = Awaited<ReturnType<typeof started>>

/** Log and table as of one moment: whether the table shows all of the log. */
async function looker(place: Place) {
  const database = await postgresDatabase({ connectionString: server.connectionString, max: 1 })
  onTestFinished(() => database.close())
  return async () => {
    const [row] = await database.query(
      `SELECT (SELECT head FROM ${place.schema}.logs) AS head, position, fingerprint,
         (SELECT coalesce(sum(events), 0)::int FROM "${place.tables}".counts) AS events
       FROM "${place.tables}".indelible_projections WHERE name = 'counts'`,
    )
    return row as { head: number; position: number; fingerprint: string; events: number }
  }
}

/** Rows are written with the events from now on. */
async function begun(running: Started, place: Place): Promise<void> {
  expect(await running.hasBegun).toBe(true)
  const look = await looker(place)
  // The table must be there, and not far behind.
  await running.waitFor({ name: 'counts' }, (await running.store.head()).position, { timeoutMs: 20_000 })
  await running.send(Clear('begin', {}))
  const { head, position } = await look()
  expect(position).toBe(head)
}

test('whoever looks at log and table at one moment finds all events in the table, under load', async () => {
  const place = newPlace()
  const running = await started(place)
  await begun(running, place)
  const look = await looker(place)
  let isOver = false
  let looks = 0
  const looking = (async () => {
    while (!isOver) {
      const { head, position } = await look()
      expect(position).toBe(head)
      looks++
    }
  })()
  await Promise.all(
    Array.from({ length: 16 }, async (_, client) => {
      for (let n = 1; n <= 10; n++) {
        const id = `c${client % 5}`
        await running.send(Count(id, { by: 1 }))
        if (n % 5 === 0) await running.send(Clear(`own-${client}`, {}))
      }
    }),
  )
  isOver = true
  await looking
  expect(looks).toBeGreaterThan(3)
  const rows = await running.select(running.system.projections[0]!)
  expect(rows).toHaveLength(5)
  expect(rows.reduce((sum, row) => sum + (row.events as number), 0)).toBe(16 * 10)
  expect(await running.verifyTable({ name: 'counts' })).toMatchObject({ differing: 0 })
})

test('two processes write the same table with their events', async () => {
  const place = newPlace()
  const both = [await started(place), await started(place)]
  for (const running of both) await begun(running, place)
  const look = await looker(place)
  const accepted = Array.from({ length: 8 }, () => 0)
  await Promise.all(
    both.flatMap((running) =>
      accepted.map(async (_, client) => {
        for (let n = 0; n < 15; n++) {
          // Those that others overtook again and again are not carried out.
          const { status } = await running.send(Count(`c${client}`, { by: 2 }))
          if (status === 'accepted') accepted[client]!++
        }
      }),
    ),
  )
  const { head, position } = await look()
  expect(position).toBe(head)
  const rows = await both[0]!.select(both[0]!.system.projections[0]!)
  expect(rows.map(({ sum }) => sum)).toEqual(accepted.map((count) => 2 * count))
  expect(accepted.every((count) => count > 15)).toBe(true)
  expect(await both[1]!.verifyTable({ name: 'counts' })).toMatchObject({ differing: 0 })
})

test('what others append without the table is caught up with the next events', async () => {
  const place = newPlace()
  const running = await started(place)
  await begun(running, place)
  const other = await postgresStore({ connectionString: server.connectionString, schema: place.schema })
  onTestFinished(() => other.close())
  for (let n = 0; n < 5; n++)
    await other.append({ events: [{ stream: 'counter-a', type: 'Counted', data: { by: 1 } }] })
  await running.send(Count('b', { by: 1 }))
  const look = await looker(place)
  const { head, position } = await look()
  expect(position).toBe(head)
  expect(await running.select(running.system.projections[0]!)).toEqual([
    { id: 'a', events: 5, sum: 5 },
    { id: 'b', events: 1, sum: 1 },
  ])
})

test('a handler that fails parks the projection; the command is carried out', async () => {
  const place = newPlace()
  const running = await started(place)
  await begun(running, place)
  expect(await running.send(Count('a', { by: 13 }))).toMatchObject({ status: 'accepted' })
  await vi.waitFor(async () =>
    expect(await running.consumers.show({ name: 'counts' })).toMatchObject({ state: 'parked' }),
  )
  expect(await running.send(Count('b', { by: 1 }))).toMatchObject({ status: 'accepted' })
  expect(await running.select(running.system.projections[0]!)).toEqual([])
})

test('a row that the database refuses parks the projection; the command is carried out', async () => {
  const place = newPlace()
  const running = await started(place, { domainCode: 'trusted' })
  await begun(running, place)
  // More than fits into the column.
  expect(await running.send(Count('a', { by: 2_000_000_000 }))).toMatchObject({ status: 'accepted' })
  expect(await running.send(Count('a', { by: 2_000_000_000 }))).toMatchObject({ status: 'accepted' })
  await vi.waitFor(
    async () => expect(await running.consumers.show({ name: 'counts' })).toMatchObject({ state: 'parked' }),
    { timeout: 10_000 },
  )
  expect(await running.select(running.system.projections[0]!)).toEqual([{ id: 'a', events: 1, sum: 2_000_000_000 }])
})

test('a rebuild under load swaps the table without a moment at which it shows less than the log', async () => {
  const place = newPlace()
  const running = await started(place)
  await begun(running, place)
  const look = await looker(place)
  let isOver = false
  const working = Promise.all(
    Array.from({ length: 8 }, async (_, client) => {
      while (!isOver) await running.send(Count(`c${client}`, { by: 1 }))
    }),
  )
  const looking = (async () => {
    while (!isOver) {
      const { head, position } = await look()
      expect(position).toBe(head)
    }
  })()
  for (let round = 0; round < 3; round++) {
    const { position } = await running.rebuild({ name: 'counts' })
    expect(position).toBeGreaterThan(0)
  }
  isOver = true
  await Promise.all([working, looking])
  expect(await running.verifyTable({ name: 'counts' })).toMatchObject({ differing: 0 })
})

test('a new version is built beside the old table, and takes over with the next events', async () => {
  const place = newPlace()
  const first = await started(place)
  await begun(first, place)
  for (let n = 0; n < 20; n++) await first.send(Count('a', { by: 1 }))
  await first.close()
  const second = await started(place, { system: systemOf(2, 10) })
  await second.waitFor({ name: 'counts' }, (await second.store.head()).position, { timeoutMs: 20_000 })
  await begun(second, place)
  await second.send(Count('a', { by: 1 }))
  expect(await second.select(second.system.projections[0]!)).toEqual([{ id: 'a', events: 21, sum: 210 }])
})

test('a paused table stands still, and is brought up when it goes on', async () => {
  const place = newPlace()
  const running = await started(place)
  await begun(running, place)
  await running.consumers.pause({ name: 'counts' })
  const outcome = await running.send(Count('a', { by: 1 }))
  expect(await running.select(running.system.projections[0]!)).toEqual([])
  await running.consumers.resume({ name: 'counts' })
  await running.waitFor({ name: 'counts' }, outcome.status === 'accepted' ? outcome.position : 0)
  expect(await running.select(running.system.projections[0]!)).toEqual([{ id: 'a', events: 1, sum: 1 }])
})

test('tables in another database are not written with the events, and the answer waits for them', async () => {
  const other = await startPostgresServer()
  onTestFinished(() => other.remove())
  const place = newPlace()
  const store = await postgresStore({ connectionString: server.connectionString, schema: place.schema })
  const tables = await postgresTables({ connectionString: other.connectionString })
  const running = startSystem(systemOf(), { store, tables })
  onTestFinished(() => running.close())
  for (let sum = 1; sum <= 5; sum++) {
    await running.send(Count('a', { by: 1 }))
    expect(await running.select(running.system.projections[0]!)).toEqual([{ id: 'a', events: sum, sum }])
  }
})

test('whoever locks the table of an inline projection, or its rows, stops no append, and then it is brought up again', async () => {
  const place = newPlace()
  const running = await started(place)
  await begun(running, place)
  await running.send(Count('a', { by: 1 }))
  const look = await looker(place)
  const other = await postgresDatabase({ connectionString: server.connectionString, max: 1 })
  onTestFinished(() => other.close())
  const table = `"${place.tables}".counts`
  for (const lock of [`LOCK TABLE ${table} IN SHARE MODE`, `SELECT FROM ${table} FOR UPDATE`]) {
    await other.transaction(async (query) => {
      await query('SET LOCAL idle_in_transaction_session_timeout = 0')
      await query(lock)
      const { position } = await look()
      // Written while the lock is held. With the answer of a command the table would be waited for.
      const event = { stream: 'counter-a', type: 'Counted', data: { by: 1 } } as const
      expect(await running.store.append({ events: [event] })).toMatchObject({ status: 'written' })
      expect((await look()).position).toBe(position)
    })
    await expect.poll(async () => (await look()).position).toBe((await running.store.head()).position)
  }
  expect(await look()).toMatchObject({ events: 3 })
})
