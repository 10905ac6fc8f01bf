// Random handlers over random histories: a table that follows the log, a rebuilt table and a fold of this test have the same rows.
import { hash } from 'node:crypto'
import fc from 'fast-check'
import {
  aggregate,
  bigint,
  boolean,
  date,
  defineSystem,
  type EventStore,
  event,
  IndelibleError,
  integer,
  json,
  type Projection,
  projection,
  type ReadTables,
  type RecordedEvent,
  type ReplayBatch,
  type Row,
  removal,
  type SystemOptions,
  startSystem,
  text,
  timestamp,
} from 'indelible'
import { memoryConsumers, memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { long } from '../../../scripts/campaign.ts'

const keys = ['a', 'b', 'c', 'ü 😀', '"e"']

/** What an event tells the handler to do with its row: the same for the model below. */
type Plan =
  | { readonly kind: 'add' | 'own' | 'reset' | 'leave' | 'remove' }
  | { readonly kind: 'list'; readonly writes: readonly Write[] }
/** A row to write under a key, or to remove. */
interface Write {
  readonly key: string
  readonly isRemoval: boolean
}
interface Told {
  readonly plan: Plan
  readonly amount: number
  readonly of: Partial<Row>
  /** For projections with their own keys. */
  readonly keys: readonly string[]
}

const Told = event('Told', z.any())
const AlsoTold = event('AlsoTold', z.any())
const told = aggregate('thing', { initialState: {} })
  .on(Told, (state) => state)
  .on(AlsoTold, (state) => state)
const Tell = told.command('Tell', { input: z.any(), emits: [], decide: () => [] })

const columns = {
  id: text().key(),
  total: bigint(),
  small: integer(),
  yes: boolean(),
  day: date(),
  at: timestamp(),
  doc: json(),
  note: text().nullable(),
}

/** Applies a plan to a row. Handlers and the model share this, but not how rows are looked up, kept and written. */
function changed(id: string, row: Row | undefined, { plan, amount, of }: Told): Row | null | undefined | Row[] {
  const before = row ?? { ...blank, id }
  switch (plan.kind) {
    case 'leave':
      return undefined
    case 'remove':
      return null
    case 'reset':
      return { ...blank, ...of, id, total: amount }
    case 'add':
      return { ...before, total: (before.total as number) + amount }
    case 'own':
      return { ...before, ...of }
    case 'list':
      return plan.writes.map(({ key, isRemoval }) =>
        isRemoval ? { removed: key } : { ...before, ...of, id: key, total: (before.total as number) + amount },
      )
  }
}

const blank = { total: 0, small: 0, yes: false, day: '1993-01-31', at: '1993-01-31T00:00:00.000Z', doc: {}, note: null }

function asHandled(change: ReturnType<typeof changed>) {
  if (!Array.isArray(change)) return change
  const parts = change.map((each) => ('removed' in each ? removal({ id: each.removed }) : each))
  // Users of JavaScript may write a removal without a list.
  return parts.length === 1 ? parts[0] : parts
}

const initial = ({ id }: Partial<Row>) => ({ ...blank, id }) as never
const change = (row: Row, data: Told) => asHandled(changed(row.id as string, row, data)) as never

const byStream = projection('by_stream', { table: columns })
  .on(Told, { initial }, change)
  .on(AlsoTold, { initial }, change)

const withKeys = { key: (data: Told) => data.keys.map((id) => ({ id })), initial }
const byKeys = projection('by_keys', { table: columns }).on(Told, withKeys, change).on(AlsoTold, withKeys, change)

const system = defineSystem({
  name: 'things',
  commands: [Tell],
  projections: [byStream, byKeys] as unknown as Projection[],
})

const value: fc.Arbitrary<Partial<Row>> = fc.record(
  {
    small: fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }),
    yes: fc.boolean(),
    day: fc.constantFrom('0001-01-01', '1993-01-31', '2026-02-28', '9999-12-31'),
    at: fc.constantFrom('1993-01-31T12:00:00Z', '1993-01-31T13:00:00+01:00', '2026-02-28T23:59:59.999Z'),
    doc: fc.jsonValue().filter((doc) => doc !== null && !/\\u(0000|d[89a-f])/.test(JSON.stringify(doc))),
    note: fc.option(fc.string({ unit: 'grapheme' }).filter((each) => !each.includes('\0'))),
  },
  { requiredKeys: [] },
)
const key = fc.constantFrom(...keys)
/** `own` writes only the row of its stream, so that folds stream by stream are tested as well as general ones; `removal` forces the general fold in one case only. */
const planOf = (lists: 'own' | 'removal' | 'any'): fc.Arbitrary<Plan> => {
  const plain = fc.constantFrom('add', 'add', 'own', 'reset', 'leave', 'remove').map((kind) => ({ kind }) as Plan)
  if (lists === 'own') return plain
  const isOne = lists === 'removal'
  const write = fc.record({ key, isRemoval: isOne ? fc.constant(true) : fc.boolean() })
  const list = fc.array(write, isOne ? { minLength: 1, maxLength: 1 } : { maxLength: 4 })
  const listed = list.map((writes): Plan => ({ kind: 'list', writes }))
  return fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: listed })
}
const history = fc.constantFrom<Parameters<typeof planOf>[0]>('own', 'own', 'removal', 'any', 'any').chain((lists) =>
  fc.array(
    fc.record({
      stream: key,
      type: fc.constantFrom('Told', 'AlsoTold', 'Nothing'),
      told: fc.record({
        plan: planOf(lists),
        amount: fc.integer({ min: -1000, max: 1000 }),
        of: value,
        keys: fc.uniqueArray(key, { maxLength: 3 }),
      }),
    }),
    { minLength: 1, maxLength: 60 },
  ),
)
/** What happens after a number of events: the system restarts, a table is rebuilt, the tables fail. */
const happening = fc.record({
  after: fc.integer({ min: 1, max: 20 }),
  what: fc.constantFrom('nothing', 'wait', 'restart', 'rebuild', 'fail before', 'fail after'),
})
type Event = { stream: string; type: string; told: Told }

/** The expected rows, computed from the history alone. */
function modelled(events: readonly Event[], keysOf: (event: Event) => readonly string[]): Record<string, Row> {
  const rows = new Map<string, Row>()
  for (const event of events) {
    if (event.type === 'Nothing') continue
    // All calls for one event see the rows as they were before it.
    const changes = keysOf(event).map((id) => [id, changed(id, rows.get(id), event.told)] as const)
    for (const [id, change] of changes) {
      if (change === null) rows.delete(id)
      else if (Array.isArray(change)) {
        for (const each of change) {
          if ('removed' in each) rows.delete(each.removed as string)
          else rows.set(each.id as string, each)
        }
      } else if (change !== undefined) rows.set(id, change)
    }
  }
  const kept = [...rows].map(([id, row]) => [
    id,
    { ...row, at: new Date(row.at as string).toISOString(), doc: JSON.parse(JSON.stringify(row.doc)) },
  ])
  return Object.fromEntries(kept)
}

/** Tables that sometimes fail, before or after they did what they were asked. */
function faulty(tables: ReadTables): { tables: ReadTables; failNext(when: 'before' | 'after'): void } {
  let next: 'before' | 'after' | undefined
  const failing =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const when = next
      next = undefined
      if (when === 'before') throw new IndelibleError('tables_unavailable', 'before the commit')
      const result = await work(...args)
      if (when === 'after') throw new IndelibleError('tables_unavailable', 'after the commit')
      return result
    }
  const { save, bulkLoad, replace, load } = tables
  return {
    tables: {
      ...tables,
      save: failing(save),
      bulkLoad: failing(bulkLoad),
      replace: failing(replace),
      load: failing(load),
      close: async () => {},
    },
    failNext(when) {
      next = when
    },
  }
}

async function run(
  store: EventStore,
  events: readonly Event[],
  happenings: readonly { after: number; what: string }[],
) {
  const { tables, failNext } = faulty(memoryTables())
  const kept: EventStore = { ...store, close: async () => {} }
  const parts: SystemOptions = {
    store: kept,
    tables,
    snapshots: memorySnapshots(),
    consumers: memoryConsumers(),
    domainCode: 'trusted',
  }
  let running = startSystem(system, parts)
  const caughtUp = async () => {
    const { position } = await store.head()
    for (const { name } of system.projections) await running.waitFor({ name }, position, { timeoutMs: 20_000 })
  }
  const rebuilt = async () => {
    const hashes: string[] = []
    for (const { name } of system.projections) {
      const again = () => running.rebuild({ name })
      const { contentHash } = await again().catch((error) => {
        if (error.code !== 'tables_unavailable') throw error
        return again()
      })
      hashes.push(contentHash)
    }
    return hashes
  }
  const rowsOf = async ({ table }: Projection) =>
    Object.fromEntries((await tables.select(table)).map((row) => [row.id as string, row]))
  try {
    let at = 0
    for (const { after, what } of [...happenings, { after: events.length, what: 'wait' }]) {
      const some = events.slice(at, at + after)
      at += some.length
      if (what.startsWith('fail')) failNext(what === 'fail before' ? 'before' : 'after')
      if (some.length > 0) {
        const commit = some.map(({ stream, type, told }) => ({ stream: `thing-${stream}` as const, type, data: told }))
        await store.append({ events: commit })
      }
      if (what === 'wait') await caughtUp()
      if (what === 'rebuild') await rebuilt()
      if (what === 'restart') {
        await running.close()
        running = startSystem(system, parts)
      }
    }
    await caughtUp()
    const expected = [modelled(events, ({ stream }) => [stream]), modelled(events, ({ told }) => told.keys)]
    for (const [index, each] of system.projections.entries()) {
      expect(await rowsOf(each), `${each.name}, followed`).toEqual(expected[index])
      expect((await running.verifyTable(each)).differing, each.name).toBe(0)
    }
    const hashes = await rebuilt()
    for (const [index, each] of system.projections.entries()) {
      expect(await rowsOf(each), `${each.name}, built anew`).toEqual(expected[index])
    }
    expect(await rebuilt()).toEqual(hashes)
  } finally {
    await running.close()
  }
}

test('a table that follows, a rebuilt table and an independent fold have the same rows', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.array(happening, { maxLength: 8 }), async (events, happenings) => {
      await run(memoryStore(), events as Event[], happenings)
    }),
    { numRuns: long ? 3_000 : 100 },
  )
})

test('the same holds for replays by stream, in batches of any length', async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.array(happening, { maxLength: 4 }),
      fc.array(fc.record({ length: fc.integer({ min: 1, max: 15 }), isByStream: fc.boolean() }), { minLength: 1 }),
      async (events, happenings, cuts) => {
        await run(byStreams(memoryStore(), cuts), events as Event[], happenings)
      },
    ),
    { numRuns: long ? 3_000 : 100 },
  )
})

/** A store whose replays come in batches of the given lengths, repeated, some with events by stream. */
function byStreams(store: EventStore, cuts: readonly { length: number; isByStream: boolean }[]): EventStore {
  return {
    ...store,
    async *replay(types, options) {
      const found: RecordedEvent[] = []
      let end = options.after
      for await (const batch of store.replay(types, options)) {
        for (let index = 0; index < batch.length; index++) found.push(batch.event(index))
        end = batch.through
      }
      for (let at = 0, cut = 0; at < found.length; cut++) {
        const { length, isByStream } = cuts[cut % cuts.length]!
        const events = found.slice(at, at + length)
        at += events.length
        yield batchOf(events, types, { isByStream, through: at === found.length ? end : events.at(-1)!.position })
      }
      if (found.length === 0) yield batchOf([], types, { isByStream: true, through: end })
    },
  }
}

/** A batch as columns give it: its streams are numbered by their keys. */
function batchOf(
  events: readonly RecordedEvent[],
  types: readonly string[],
  { isByStream, through }: { isByStream: boolean; through: number },
): ReplayBatch {
  const keyOf = (streamId: string) => hash('sha256', streamId, 'hex').slice(0, 32)
  const streams = [...new Set(events.map(({ streamId }) => streamId))].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const runs = streams.map((id) => events.filter(({ streamId }) => streamId === id))
  const starts = [0]
  for (const run of runs) starts.push(starts.at(-1)! + run.length)
  const inRuns = runs.flat()
  const typesOf = (some: readonly RecordedEvent[]) => Uint16Array.from(some, ({ type }) => types.indexOf(type))
  const keys = streams.flatMap((id) =>
    keyOf(id)
      .match(/.{8}/g)!
      .map((part) => Number.parseInt(part, 16)),
  )
  const byStream = {
    keys: Uint32Array.from(keys),
    starts: Uint32Array.from(starts),
    types: typesOf(inRuns),
    event: (index: number) => inRuns[index]!,
  }
  return {
    length: events.length,
    types: typesOf(events),
    streams: Uint32Array.from(events, ({ streamId }) => streams.indexOf(streamId)),
    streamCount: streams.length,
    streamId: (stream) => streams[stream]!,
    event: (index) => events[index]!,
    through,
    ...(isByStream ? { byStream } : {}),
  }
}
