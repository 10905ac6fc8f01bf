// Whatever is asked of it, in whatever order, over reopens and crashes: the file store answers as the memory store does.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Query } from '../kernel/queries.ts'
import type { StreamName } from '../kernel/streams.ts'
import { memoryStore } from '../memory/event-store.ts'
import type { Commit, EventStore, ReadOptions } from '../store/port.ts'
import { fileStore } from './event-store.ts'
import { verifyLog } from './inspect.ts'
import { copyOfLog, temporaryDirectory } from './test-support.ts'

const long = process.env.INDELIBLE_LONG !== undefined

const stream = fc.constantFrom<StreamName>('a-1', 'a-2', 'b-ü', 'c-x')
const type = fc.constantFrom('Opened', 'Moved', 'Größe')
const tags = fc.uniqueArray(fc.constantFrom('x', 'y:1', 'ü'), { maxLength: 2 })
const data = fc.oneof(
  fc.jsonValue(),
  fc.uint8Array({ maxLength: 300 }),
  fc.nat(2000).map((length) => 'x'.repeat(length)),
)
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 })
/** Without the keys whose value is left out. */
const record = <Fields extends Record<string, fc.Arbitrary<unknown>>>(fields: Fields) =>
  fc.record(fields).map((made) => Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)))

const query = fc.oneof(
  fc.constant('all' as const),
  fc.constantFrom<Query>(
    [{ streams: ['a-1'] }],
    [{ categories: ['a'] }, { types: ['Moved'] }],
    [{ tags: ['x'] }],
    [{ types: ['Opened'], tags: ['y:1'] }],
  ),
)
const event = record({
  stream,
  type,
  data,
  tags,
  metadata: optional(fc.constantFrom({ actor: 'ann' }, { note: 'ü', n: 1 })),
  validAt: optional(fc.constantFrom('1993-01-31', '2026-11-23T04:28:43.125Z')),
  schemaVersion: optional(fc.integer({ min: 1, max: 3 })),
})
const expectedVersion = fc.oneof(fc.constantFrom('none', 'exists', 'any'), fc.nat(6))
const commit = record({
  events: fc.array(event, { minLength: 1, maxLength: 4 }),
  expected: optional(fc.dictionary(stream, expectedVersion, { maxKeys: 2 })),
  condition: optional(record({ failIfEventsMatch: query, after: optional(fc.nat(30)) })),
  commandId: optional(fc.constantFrom('c-1', 'c-2', 'c-ü', 'c-4')),
})
const options = record({
  from: optional(fc.nat(40)),
  to: optional(fc.nat(40)),
  limit: optional(fc.nat(5)),
  direction: optional(fc.constantFrom('forwards', 'backwards')),
})
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ append: fc.array(commit, { minLength: 1, maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ read: query, options }) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
  { weight: 1, arbitrary: fc.constant('crash' as const) },
)
const limits = fc.record({
  segmentBytesMax: fc.constantFrom(300, 2000, 1_000_000),
  reserveBytes: fc.constantFrom(8, 300, 4096),
  groupCommitsMax: fc.constantFrom(1, 3, 1000),
  groupBytesMax: fc.constantFrom(100, 100_000),
  readBytesMax: fc.constantFrom(32, 1000, 100_000),
  cacheBytesMax: fc.constantFrom(0, 1000, 100_000),
})

test('a file store answers as a memory store does, over reopens and crashes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), limits, async (steps, limits) => {
      let dir = temporaryDirectory()
      const known = knownTimeAndIds()
      const open = () => fileStore({ dir, limits, ...known })
      const model = memoryStore(knownTimeAndIds())
      let store = await open()
      try {
        for (const step of steps) {
          if (step === 'reopen') {
            await store.close()
            store = await open()
          } else if (step === 'crash') {
            const left = await copyOfLog(dir)
            await store.close()
            dir = left
            store = await open()
          } else if ('append' in step) {
            const commits = step.append as unknown as Commit[]
            expect(await appended(store, commits)).toEqual(await appended(model, commits))
          } else {
            const range = step.options as ReadOptions
            expect(await found(store, step.read, range)).toEqual(await found(model, step.read, range))
          }
        }
        expect(await found(store, 'all')).toEqual(await found(model, 'all'))
        expect(await store.head()).toEqual(await model.head())
        for (const id of ['c-1', 'c-2', 'c-ü', 'c-4']) {
          expect(await store.findCommit(id)).toEqual(await model.findCommit(id))
        }
      } finally {
        await store.close()
      }
      const { position: head, recordedAt } = await model.head()
      expect(await verifyLog({ dir })).toMatchObject({ events: head, head, recordedAt })
    }),
    { numRuns: long ? 2000 : 100 },
  )
})

const appended = (store: EventStore, commits: readonly Commit[]) =>
  Promise.all(commits.map((commit) => store.append(commit)))

async function found(store: EventStore, query: Query, options: ReadOptions = {}): Promise<unknown[]> {
  const batches = await Array.fromAsync(store.read(query, options))
  return batches.flatMap(({ events }) => events.map((event) => ({ ...event })))
}

function knownTimeAndIds() {
  let [time, ids] = [0, 0]
  return { clock: { now: () => ++time * 100 }, ids: () => `id-${++ids}` }
}
