// The file store answers as the memory store does: for random calls in random order, with reopens and crashes in between.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { long } from '../../../../scripts/campaign.ts'
import { isIndelibleError } from '../kernel/errors.ts'
import type { Query } from '../kernel/queries.ts'
import type { StreamName } from '../kernel/streams.ts'
import { nodeDisk } from '../log/disk/disk.ts'
import { verifyLog } from '../log/maintenance/verify.ts'
import { memoryStore } from '../memory/event-store.ts'
import type { Commit, EventStore, ReadOptions } from '../store/port.ts'
import { sequentialIds } from '../testing/clock.ts'
import { fileStore } from './event-store.ts'
import { changeByte, copyOfLog, diskHere, fieldsOf, indexesIn, temporaryDirectory } from './test-support.ts'

const commandIds = ['c-1', 'c-2', 'c-ü', 'c-4']
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
    [{ correlationIds: ['r-1'] }],
    [{ tags: ['x'] }, { types: ['$T'] }],
    [{ categories: ['$'] }],
    [{ streams: ['b-ü'], types: ['Größe', 'Moved'] }, { tags: ['x', 'ü'] }],
  ),
)
const names = fc.oneof(
  { weight: 3, arbitrary: fc.record({ stream, type }) },
  { weight: 1, arbitrary: fc.constantFrom({ stream: '$s-1', type: '$T' }, { stream: '$s-2', type: '$U' }) },
)
const facts = record({
  data,
  tags,
  metadata: optional(fc.constantFrom({ actor: 'ann' }, { note: 'ü', n: 1 }, { correlationId: 'r-1' })),
  validAt: optional(fc.constantFrom('1993-01-31', '2026-11-23T04:28:43.125Z')),
  schemaVersion: optional(fc.integer({ min: 1, max: 3 })),
})
const event = fc.tuple(names, facts).map(([names, facts]) => ({ ...names, ...facts }))
const expectedVersion = fc.oneof(fc.constantFrom('none', 'exists', 'any'), fc.nat(6))
const commit = record({
  events: fc.array(event, { minLength: 1, maxLength: 4 }),
  expected: optional(fc.dictionary(stream, expectedVersion, { maxKeys: 2 })),
  condition: optional(record({ failIfEventsMatch: query, after: optional(fc.nat(30)) })),
  commandId: optional(fc.constantFrom(...commandIds)),
})
const options = record({
  from: optional(fc.nat(40)),
  to: optional(fc.nat(40)),
  limit: optional(fc.nat(5)),
  direction: optional(fc.constantFrom('forwards', 'backwards')),
  reserved: optional(fc.boolean()),
})
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ append: fc.array(commit, { minLength: 1, maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ read: query, options }) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
  { weight: 1, arbitrary: fc.constant('crash' as const) },
  { weight: 1, arbitrary: fc.constant('look' as const) },
  // Indexes are derived, so damage to one changes no answer.
  { weight: 1, arbitrary: fc.record({ damage: fc.nat(), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ lose: fc.nat() }) },
)
const limits = fc.record({
  segmentBytesMax: fc.constantFrom(300, 2000, 1_000_000),
  segmentEventsMax: fc.constantFrom(2, 7, 1000),
  unindexedSegmentsMax: fc.constantFrom(0, 1, 3),
  unindexedEventsMax: fc.constantFrom(0, 3, 1000),
  indexCacheBytesMax: fc.constantFrom(0, 8192, 1_000_000),
  openFilesMax: fc.constantFrom(1, 4, 128),
  reserveBytes: fc.constantFrom(8, 300, 4096),
  earlyWriteBytesMin: fc.constantFrom(0, 200, 100_000),
  queuedAppendsMax: fc.constantFrom(1, 3, 1000),
  queuedBytesMax: fc.constantFrom(100, 100_000),
  readBytesMax: fc.constantFrom(32, 1000, 100_000),
  frameCacheBytesMax: fc.constantFrom(0, 1000, 100_000),
  recordCacheBytesMax: fc.constantFrom(0, 1000, 100_000),
  streamCacheBytesMax: fc.constantFrom(0, 1000, 100_000),
})

/** Whether indexes are made on another thread, as in production. That thread is slow to start. */
const thread = fc.integer({ min: 0, max: 5 }).map((draw) => draw === 5)

test('a file store gives the same answers as a memory store, also after reopens and crashes', {
  timeout: 60 * 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), limits, thread, async (steps, limits, thread) => {
      const disk = thread ? nodeDisk : diskHere
      let damaged = false
      let dir = temporaryDirectory()
      const known = knownTimeAndIds()
      const modelKnown = knownTimeAndIds()
      const open = async () => {
        // A file store reads the clock when it is opened.
        modelKnown.clock.now()
        return await fileStore({ dir, disk, limits, ...known })
      }
      const model = memoryStore(modelKnown)
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
          } else if (step === 'look') {
            await look(dir, model).catch((error) => {
              // A reader cannot repair an index; the writer may not have met the damage yet.
              if (!(damaged && isIndelibleError(error, 'index_damaged'))) throw error
            })
          } else if ('damage' in step) {
            const path = anyOf(await indexesIn(dir), step.damage)
            if (path !== undefined) await changeByte(join(dir, path), step.at)
            damaged = true
          } else if ('lose' in step) {
            const path = anyOf(await indexesIn(dir), step.lose)
            if (path !== undefined) await rm(join(dir, path))
            damaged = true
          } else if ('append' in step) {
            const commits = step.append as unknown as Commit[]
            // Of appends at the same moment, one that must wait for a new index can be overtaken by others.
            const groups = damaged ? commits.map((commit) => [commit]) : [commits]
            for (const group of groups) expect(await appended(store, group)).toEqual(await appended(model, group))
          } else {
            const range = step.options as ReadOptions
            expect(await found(store, step.read, range)).toEqual(await found(model, step.read, range))
          }
        }
        for (const reserved of [false, true])
          expect(await found(store, 'all', { reserved })).toEqual(await found(model, 'all', { reserved }))
        expect(await store.head()).toEqual(await model.head())
        for (const id of commandIds) {
          expect(await store.findCommit(id)).toEqual(await model.findCommit(id))
        }
      } finally {
        await store.close()
      }
      const { position: head, recordedAt } = await model.head()
      // Perhaps no call has met the damage.
      if (damaged) for (const name of await indexesIn(dir)) await rm(join(dir, name))
      expect(await verifyLog({ dir, disk: diskHere })).toMatchObject({ events: head, head, recordedAt })
    }),
    { numRuns: long ? 2000 : 30 },
  )
})

const appended = (store: EventStore, commits: readonly Commit[]) =>
  Promise.all(commits.map((commit) => store.append(commit, { reserved: true })))

const anyOf = <Value>(values: readonly Value[], choice: number): Value | undefined => values[choice % values.length]

/** A reader beside the writer gives the same answers. */
async function look(dir: string, model: EventStore): Promise<void> {
  const limits = { unindexedSegmentsMax: 1000 }
  const reader = await fileStore({ dir, access: 'read', limits })
  try {
    expect(await found(reader, 'all')).toEqual(await found(model, 'all'))
    expect(await found(reader, [{ streams: ['a-1'] }])).toEqual(await found(model, [{ streams: ['a-1'] }]))
    for (const id of commandIds) expect(await reader.findCommit(id)).toEqual(await model.findCommit(id))
  } finally {
    await reader.close()
  }
}

async function found(store: EventStore, query: Query, options: ReadOptions = {}): Promise<unknown[]> {
  const batches = await Array.fromAsync(store.read(query, options))
  return batches.flatMap(({ events }) => events.map(fieldsOf))
}

function knownTimeAndIds() {
  let time = 0
  return { clock: { now: () => ++time * 100 }, ids: sequentialIds() }
}
