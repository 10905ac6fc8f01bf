// The file store answers as the memory store does: for random calls in random order, with reopens and crashes in between.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { long } from '../../../../scripts/campaign.ts'
import { commandIds, commit, options, query } from '../../test/store-draws.ts'
import { isIndelibleError } from '../kernel/errors.ts'
import type { Query } from '../kernel/queries.ts'
import { instant } from '../kernel/time.ts'
import { nodeDisk } from '../log/disk/disk.ts'
import { verifyLog } from '../log/maintenance/verify.ts'
import { memoryStore } from '../memory/event-store.ts'
import type { Commit, EventStore, ReadOptions } from '../store/port.ts'
import { sequentialIds } from '../testing/clock.ts'
import { fileStore } from './event-store.ts'
import { changeByte, copyOfLog, diskHere, fieldsOf, indexesIn, temporaryDirectory } from './test-support.ts'

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
        expect(await positionsAt(store)).toEqual(await positionsAt(model))
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
    expect(await positionsAt(reader)).toEqual(await positionsAt(model))
    for (const id of commandIds) expect(await reader.findCommit(id)).toEqual(await model.findCommit(id))
  } finally {
    await reader.close()
  }
}

/** The clock gives a time each 100 ms. */
async function positionsAt(store: EventStore): Promise<number[]> {
  const times = Array.from({ length: 60 }, (_, index) => instant(index * 50))
  return await Promise.all(times.map((time, index) => store.positionAt(time, { before: index % 3 === 0 })))
}

async function found(store: EventStore, query: Query, options: ReadOptions = {}): Promise<unknown[]> {
  const batches = await Array.fromAsync(store.read(query, options))
  return batches.flatMap(({ events }) => events.map(fieldsOf))
}

function knownTimeAndIds() {
  let time = 0
  return { clock: { now: () => ++time * 100 }, ids: sequentialIds() }
}
