// Rows that are folded from the changes of a live feed equal the table: at each position, under concurrent commands, across restarts and rebuilds.
import { join } from 'node:path'
import fc from 'fast-check'
import {
  aggregate,
  bigint,
  defineSystem,
  event,
  isIndelibleError,
  projection,
  type RunningSystem,
  removal,
  startSystem,
  text,
} from 'indelible'
import { fileStore } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { type FeedBatch, type LiveFeed, type Operation, operations } from 'indelible/operations'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { long } from '../../../scripts/campaign.ts'
import { temporaryDirectory } from '../src/file/test-support.ts'
import { patience } from './patience.ts'

const keys = ['a', 'b', 'c', 'd'] as const
const Moved = event('Moved', z.object({ from: z.string(), to: z.string(), amount: z.int() }))
const Emptied = event('Emptied', z.object({ which: z.array(z.string()) }))
const Noted = event('Noted', z.object({}))
const pot = aggregate('pot', { initialState: {} })
  .on(Moved, (state) => state)
  .on(Emptied, (state) => state)
  .on(Noted, (state) => state)
const Move = pot.command('Move', { input: Moved.schema, emits: [Moved], decide: (_state, data) => Moved(data) })
const Empty = pot.command('Empty', { input: Emptied.schema, emits: [Emptied], decide: (_state, data) => Emptied(data) })
const Note = pot.command('Note', { input: z.object({}), emits: [Noted], decide: () => Noted({}) })
/** One event changes several rows, and some are removed. */
const pots = projection('pots', { history: true, table: { pot: text().key(), amount: bigint(), events: bigint() } })
  .on(
    Moved,
    {
      key: ({ from, to }) => [{ pot: from }, { pot: to }],
      initial: ({ pot }) => ({ pot: String(pot), amount: 0, events: 0 }),
    },
    (row, { from, to, amount }) => ({
      ...row,
      amount: row.amount + (row.pot === to ? amount : 0) - (row.pot === from ? amount : 0),
      events: row.events + 1,
    }),
  )
  .write(Emptied, ({ which }) => which.map((pot) => removal({ pot })))
const system = defineSystem({ name: 'pots', commands: [Move, Empty, Note], projections: [pots] })

type Row = { readonly pot: string; readonly amount: number }

/** A reader as a page would be: rows by key. It remembers the rows of each position that it was told. */
class Reader {
  readonly rows = new Map<string, Row>()
  readonly told = new Map<number, readonly Row[]>()
  readonly kinds: string[] = []
  lastEventId: number | undefined

  /** Follows until the signal aborts, or it was told of a position. */
  async read(
    running: RunningSystem,
    {
      where = {},
      after,
      until = Number.POSITIVE_INFINITY,
    }: { where?: Readonly<Record<string, unknown>>; after?: number; until?: number },
    signal?: AbortSignal,
  ): Promise<void> {
    const stop = new AbortController()
    const input = { name: 'pots', where, after, lastEventId: this.lastEventId }
    const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
    for await (const batch of await operations.followRows.run(running, input, { signal: either })) {
      this.#take(batch)
      if (this.lastEventId !== undefined && this.lastEventId >= until) stop.abort()
    }
  }

  #take(batch: FeedBatch): void {
    for (const { kind, position, data } of batch) {
      this.kinds.push(kind)
      if (kind === 'reset') this.rows.clear()
      if (kind === 'row') {
        const { key, row } = data as { key: { pot: string }; row: Row | null }
        if (row) this.rows.set(key.pot, row)
        else this.rows.delete(key.pot)
      }
      if (position === undefined) continue
      this.lastEventId = position
      if (position > 0) this.told.set(position, sorted(this.rows.values()))
    }
  }
}

function sorted(rows: Iterable<Row>): readonly Row[] {
  return [...rows].sort((one, other) => (one.pot < other.pot ? -1 : 1))
}

const key = fc.constantFrom(...keys)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ from: key, to: key, amount: fc.integer({ min: -9, max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ which: fc.uniqueArray(key, { minLength: 1 }) }) },
  { weight: 1, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constantFrom('rebuild' as const, 'restart' as const, 'leave' as const) },
)

async function send(running: RunningSystem, command: object): Promise<void> {
  if ('which' in command) await running.send(Empty('all', command as { which: string[] }))
  else if ('from' in command) await running.send(Move('all', command as { from: string; to: string; amount: number }))
  else await running.send(Note('all', {}))
}

test('rows folded from changes equal the table at every position', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 40 }),
      fc.constantFrom({}, { amount: { gte: 0 } }, { pot: { in: ['a', 'd'] }, events: { lt: 5 } }),
      async (steps, where) => {
        const dir = join(temporaryDirectory(), 'log')
        // The tables are gone after a restart, so that the feed begins before the projection has caught up.
        const open = async () => startSystem(system, { store: await fileStore({ dir }), tables: memoryTables() })
        let running = await open()
        const reader = new Reader()
        let leave = new AbortController()
        const follow = () => {
          leave = new AbortController()
          // A system that is closed refuses a feed, and one that has begun ends.
          return reader.read(running, { where }, leave.signal).catch((error) => {
            if (!isIndelibleError(error, 'store_closed')) throw error
          })
        }
        let reading = follow()
        for (const each of steps) {
          if (each === 'rebuild') await running.rebuild(pots)
          else if (each === 'restart') {
            await running.close()
            await reading
            running = await open()
            reading = follow()
          } else if (each === 'leave') {
            leave.abort()
            await reading
            reading = follow()
          } else await send(running, each)
        }
        leave.abort()
        await reading
        // Whoever comes again is told everything up to the end of the log.
        const { position: end } = await running.store.head()
        await reader.read(running, { where, until: end })
        expect(reader.kinds).toContain('caught-up')
        await running.waitFor(pots, end, patience)
        for (const [position, rows] of reader.told) {
          expect(await running.select(pots, { where, asOf: { position } }), `at ${position}`).toEqual(rows)
        }
        await running.close()
      },
    ),
    { numRuns: long ? 500 : 15 },
  )
})

test('a process that does not run the projection follows its table too, from the rows that are there', async () => {
  const dir = join(temporaryDirectory(), 'log')
  const tables = memoryTables()
  const writer = startSystem(system, { store: await fileStore({ dir }), tables })
  onTestFinished(() => writer.close())
  await writer.send(Move('all', { from: 'a', to: 'b', amount: 3 }))
  await writer.waitFor(pots, 1, patience)
  const elsewhere = startSystem(system, {
    store: await fileStore({ dir, access: 'read' }),
    tables: { ...tables, close: async () => {} },
  })
  onTestFinished(() => elsewhere.close())
  const reader = new Reader()
  const reading = reader.read(elsewhere, { until: 2 })
  await writer.send(Move('all', { from: 'c', to: 'b', amount: 4 }))
  await writer.rebuild(pots)
  await reading
  expect(sorted(reader.rows.values())).toEqual(await writer.select(pots))
})

test('a feed that is cut off within its first rows gives all rows anew, also where the changes since are known', async () => {
  const dir = join(temporaryDirectory(), 'log')
  const tables = memoryTables()
  const writer = startSystem(system, { store: await fileStore({ dir }), tables })
  onTestFinished(() => writer.close())
  // This process knows all changes since the beginning.
  await new Reader().read(writer, { until: 0 })
  await writer.send(Move('all', { from: 'a', to: 'b', amount: 3 }))
  await writer.send(Move('all', { from: 'c', to: 'd', amount: 3 }))
  await writer.waitFor(pots, 2, patience)
  const elsewhere = startSystem(system, {
    store: await fileStore({ dir, access: 'read' }),
    tables: { ...tables, close: async () => {} },
  })
  onTestFinished(() => elsewhere.close())
  const reader = new Reader()
  await reader.read(elsewhere, { after: 1, until: 0 })
  expect(reader.kinds).toEqual(['reset'])
  await reader.read(writer, { after: 1, until: 2 })
  expect(sorted(reader.rows.values())).toEqual(await writer.select(pots))
})

test.each([
  ['followRows', { name: 'pots' }],
  ['followEvents', { after: 0 }],
  ['followStream', { stream: 'pot-all' }],
  ['followHealth', {}],
] as const)('a feed by %s that begins while the system closes ends as others do', async (name, input) => {
  const running = startSystem(system, {})
  await running.send(Move('all', { from: 'a', to: 'b', amount: 3 }))
  const feed = await (operations[name] as Operation<object, LiveFeed>).run(running, input)
  await running.close()
  const kinds = (await Array.fromAsync(feed)).flat().map(({ kind, data }) => [kind, data])
  expect(kinds.at(-1)).toEqual(['end', { reason: 'closing' }])
})
