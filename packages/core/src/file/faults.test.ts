// What a failing, full or slow disk does to a store. The disk of these tests fails on demand.
import { readFileSync } from 'node:fs'
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { linuxMissing, skippedBecause } from '../../../../scripts/skips.ts'
import type { StreamName } from '../kernel/streams.ts'
import { type Disk, nodeDisk } from '../log/disk/disk.ts'
import { segmentHeaderBytes } from '../log/format/segment-header.ts'
import { verifyLog } from '../log/maintenance/verify.ts'
import type { AppendOutcome, EventStore } from '../store/port.ts'
import { fileStore } from './event-store.ts'
import * as door from './index.ts'
import {
  all,
  allFields,
  copyOfLog,
  type DiskCall,
  diskBroken,
  diskFull,
  diskHere,
  fact,
  indexesIn,
  isOfLog,
  logBytes,
  noMoreFiles,
  observedDisk,
  openStore,
  segmentsIn,
  tailOf,
  temporaryDirectory,
} from './test-support.ts'

const small = { segmentBytesMax: 1200, reserveBytes: 400 }

/** A slow write must not block the thread. */
const waiting = { blockingWriteBytesMax: 0 }

/** A disk on which calls of some kinds wait until they are released. */
function gatedDisk(...gated: DiskCall['call'][]): { disk: Disk; open: () => void; close: () => void } {
  let gate = Promise.withResolvers<void>()
  gate.resolve()
  const disk = observedDisk({
    async before({ call }) {
      if (gated.includes(call)) await gate.promise
    },
  })
  return {
    disk,
    open: () => gate.resolve(),
    close: () => {
      gate = Promise.withResolvers()
    },
  }
}

type Results = { stream: string; result: string }[]

/** Appends one event to each stream, `perRound` at a time. Returns the status or the error code of each append. */
async function appendRounds(
  store: EventStore,
  { rounds, perRound, name }: { rounds: number; perRound: number; name: string },
) {
  const results: Results = []
  for (let round = 0; round < rounds; round++) {
    const appends = Array.from({ length: perRound }, async (_, n) => {
      const stream = `${name}-${round}.${n}`
      const events = [fact(stream, 'Happened', { text: 'x'.repeat(40 * n) })]
      const result = await store.append({ events }).then(
        ({ status }) => status,
        ({ code }) => code,
      )
      results.push({ stream, result })
    })
    await Promise.all(appends)
  }
  return results
}

/** Only calls on the log itself: indexes are made beside it and may fail. */
const isWriteOrSync = (told: DiskCall) => isOfLog(told) && (told.call === 'write' || told.call === 'sync')
const streamsIn = async (store: EventStore) => (await all(store)).map(({ stream }) => stream)
const withResult = (results: Results, result: string) =>
  results.filter((each) => each.result === result).map(({ stream }) => stream)

describe('acknowledged means synced', () => {
  test('no append is acknowledged, and no reader sees an event, before fdatasync has returned', async () => {
    const { disk, open, close } = gatedDisk('sync')
    const store = await openStore({ disk, limits: waiting })
    await store.append({ events: [fact('thing-1')] })
    close()
    let acknowledged = false
    const append = store.append({ events: [fact('thing-1')], commandId: 'c-1' }).finally(() => {
      acknowledged = true
    })
    const duplicate = store.append({ events: [fact('thing-1')], commandId: 'c-1' }).finally(() => {
      acknowledged = true
    })
    const conflict = store.append({ events: [fact('thing-1')], expected: { 'thing-1': 1 } }).finally(() => {
      acknowledged = true
    })
    await pause(30)
    expect(acknowledged).toBe(false)
    expect(await store.head()).toMatchObject({ position: 1 })
    expect(await store.findCommit('c-1')).toBeUndefined()
    expect(await all(store)).toHaveLength(1)
    open()
    expect([(await append).status, (await duplicate).status]).toEqual(['written', 'duplicate'])
    expect(await conflict).toMatchObject({ conflict: { actual: 2 } })
    expect(await store.head()).toMatchObject({ position: 2 })
  })

  test.each([0, 32_768])(
    'in a long run, every acknowledgement follows a sync that follows its write, and one write runs at a time (%i)',
    async (blockingWriteBytesMax) => {
      let written = 0
      let synced = 0
      let inFlight = 0
      let inFlightMax = 0
      const disk = observedDisk({
        before(told) {
          if (isWriteOrSync(told)) inFlightMax = Math.max(inFlightMax, ++inFlight)
        },
        after(told) {
          if (isWriteOrSync(told)) inFlight--
          if (isWriteOrSync(told) && told.call === 'write') written++
          if (isWriteOrSync(told) && told.call === 'sync') synced = written
        },
      })
      const store = await openStore({ disk, limits: { ...small, blockingWriteBytesMax } })
      const client = async (id: number) => {
        for (let n = 0; n < 40; n++) {
          const before = written
          await store.append({ events: [fact(`thing-${id}`)] })
          expect(synced).toBeGreaterThan(before)
        }
      }
      await Promise.all(Array.from({ length: 8 }, (_, id) => client(id)))
      expect(await all(store)).toHaveLength(320)
      expect(inFlightMax).toBe(1)
    },
  )
})

describe('a full disk', () => {
  // The calls that need space. The test counts them to fail each of them in turn.
  const needsSpace = (call: DiskCall) => ['open', 'write', 'rename'].includes(call.call)

  test('refuses appends at any call, reads go on, and appends work again when there is space', async () => {
    let fullCases = 0
    for (let k = 1; fullCases === k - 1; k++) {
      const dir = temporaryDirectory()
      let calls = 0
      let full = false
      const disk = observedDisk({
        before(call) {
          if (!needsSpace(call)) return
          if (isOfLog(call) && ++calls === k) full = true
          if (full) throw diskFull()
        },
      })
      await (await fileStore({ dir })).close()
      const store = await openStore({ dir, disk, limits: small })
      const during = await appendRounds(store, { rounds: 8, perRound: 3, name: 'during' })
      if (full) {
        fullCases++
        expect(withResult(during, 'store_full').length).toBeGreaterThan(0)
        expect(await streamsIn(store)).toEqual(withResult(during, 'written'))
      }
      expect(await tailOf(dir)).toBe('clean')
      const left = await openStore({ dir: await copyOfLog(dir) })
      expect(await streamsIn(left)).toEqual(withResult(during, 'written'))
      full = false
      calls = k
      const after = await appendRounds(store, { rounds: 3, perRound: 3, name: 'after' })
      expect(withResult(after, 'written')).toHaveLength(9)
      const expected = [...withResult(during, 'written'), ...withResult(after, 'written')]
      expect(await streamsIn(store)).toEqual(expected)
      expect((await all(store)).map(({ position }) => position)).toEqual(expected.map((_, index) => index + 1))
      await store.close()
      expect(await streamsIn(await openStore({ dir }))).toEqual(expected)
      expect(await verifyLog({ dir })).toMatchObject({ events: expected.length })
    }
    expect(fullCases).toBeGreaterThan(15)
  })

  test('refuses appends that wait behind a refused commit, and their duplicates; the ids and versions can be used again', async () => {
    let full = false
    const disk = observedDisk({
      async before({ call }) {
        if (!full || call !== 'write') return
        await pause(20)
        throw diskFull()
      },
    })
    const store = await openStore({ disk, limits: waiting })
    await store.append({ events: [fact('thing-1')] })
    full = true
    const append = (commandId: string, expected: number) =>
      store.append({ events: [fact('thing-1')], commandId, expected: { 'thing-1': expected } })
    // The last of these conflicts with the first, which is never written.
    const appends = [append('c-1', 1), append('c-1', 1), append('c-3', 1)]
    await pause(5)
    appends.push(append('c-2', 2), append('c-1', 1), append('c-2', 2))
    const results = await Promise.allSettled(appends)
    expect(results.map((result) => result.status === 'rejected' && result.reason.code)).toEqual(
      Array(6).fill('store_full'),
    )
    full = false
    expect(await append('c-2', 1)).toMatchObject({ status: 'written', firstPosition: 2 })
    expect(await append('c-1', 2)).toMatchObject({ status: 'written', firstPosition: 3 })
  })

  test('that refused a reserved event leaves no trace of it: readers see the next event at its position', async () => {
    let full = false
    const disk = observedDisk({
      before(call) {
        if (full && call.call === 'write') throw diskFull()
      },
    })
    const store = await openStore({ disk, limits: waiting })
    await store.append({ events: [fact('thing-1')] })
    full = true
    const refused = store.append({ events: [fact('$own-1', '$Happened')] }, { reserved: true })
    await expect(refused).rejects.toMatchObject({ code: 'store_full' })
    full = false
    await store.append({ events: [fact('thing-1')] })
    const batches = await Array.fromAsync(store.read('all', { limit: 9 }))
    expect(batches.flatMap(({ events }) => events.map(({ position }) => position))).toEqual([1, 2])
  })

  test('that fails only after a whole frame was written refuses nothing, because a follower may have seen the frame', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir, limits: { reserveBytes: 8 } })
    await store.append({ events: [fact('thing-1')] })
    const reader = await openStore({ dir, access: 'read' })
    await store.close()
    let seen = 0
    const disk: Disk = {
      ...nodeDisk,
      async open(path, mode) {
        const file = await nodeDisk.open(path, mode)
        return {
          ...file,
          async write(bytes, at) {
            await file.write(bytes, at)
            if (mode !== 'write' || bytes.length < 300 || seen > 0) return
            seen = (await reader.head()).position
            throw diskFull()
          },
        }
      },
    }
    const full = await openStore({ dir, disk, limits: { ...waiting, reserveBytes: 8 } })
    const appended = await full.append({ events: [fact('thing-1', 'Happened', 'x'.repeat(300))] })
    expect([seen, appended]).toMatchObject([2, { status: 'written', firstPosition: 2 }])
    await full.append({ events: [fact('thing-1')] })
    expect(await streamsIn(reader)).toEqual(await streamsIn(full))
  })

  test('does not prevent opening, reading and closing a log', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir })
    await store.append({ events: [fact('thing-1')] })
    const disk = observedDisk({
      before(call) {
        if (needsSpace(call)) throw diskFull()
      },
    })
    const full = await openStore({ dir: await copyOfLog(dir), disk })
    expect(await all(full)).toHaveLength(1)
    await expect(full.append({ events: [fact('thing-1')] })).rejects.toMatchObject({ code: 'store_full' })
    await full.close()
  })
})

describe('a disk that takes no index', () => {
  test.each([diskFull, diskBroken])(
    'refuses no append and does not poison the store: all events are still found, and the index is made later (%o)',
    async (fault) => {
      const dir = temporaryDirectory()
      let failing = true
      let [calls, failures] = [0, 0]
      const disk = observedDisk({
        before(told) {
          if (!failing || !told.file.includes('.idx') || !['open', 'write', 'sync', 'rename'].includes(told.call))
            return
          if (++calls % 5 > 1) return
          failures++
          throw fault()
        },
      })
      const limits = { ...small, unindexedSegmentsMax: 1, unindexedEventsMax: 3 }
      const store = await openStore({ dir, disk, limits })
      const results = await appendRounds(store, { rounds: 12, perRound: 3, name: 'a' })
      expect(withResult(results, 'written')).toHaveLength(36)
      expect(failures).toBeGreaterThan(1)
      expect(await streamsIn(store)).toEqual(withResult(results, 'written'))
      for (const { stream } of results) {
        expect(await all(store, [{ streams: [stream as StreamName] }])).toHaveLength(1)
        const expected = { [stream as StreamName]: 'none' as const }
        const again = await store.append({ events: [fact(stream)], expected })
        expect(again).toMatchObject({ conflict: { actual: 1 } })
      }
      failing = false
      await store.append({ events: [fact('thing-1', 'Happened', 'x'.repeat(1200))] })
      await store.append({ events: [fact('thing-1')] })
      await store.close()
      const left = (await readdir(dir)).filter((name) => name.endsWith('.new'))
      expect(left).toEqual([])
      expect((await indexesIn(dir)).length).toBeGreaterThanOrEqual((await segmentsIn(dir)).length - 1)
      expect(await verifyLog({ dir, disk: diskHere })).toMatchObject({ events: 38 })
    },
  )
})

test('an index that could not be made is tried again, even if no other segment is sealed', async () => {
  const dir = temporaryDirectory()
  let failing = true
  const disk = observedDisk({
    before(told) {
      if (failing && told.file.includes('.idx')) throw diskFull()
    },
  })
  const store = await openStore({ dir, disk, limits: { segmentEventsMax: 3, indexRetryMs: 20 } })
  for (let n = 1; n <= 4; n++) await store.append({ events: [fact('thing-1')] })
  expect(await indexesIn(dir)).toEqual([])
  failing = false
  await expect.poll(() => indexesIn(dir)).toEqual(['00000001.idx'])
})

test.each([noMoreFiles, diskBroken])(
  'an index that could not be opened after it was made is made again, and so are those after it (%o)',
  async (fault) => {
    const opened = new Set<string>()
    let none = true
    const disk: Disk = {
      ...nodeDisk,
      openNow(path) {
        if (none && path.endsWith('.idx')) throw fault()
        opened.add(basename(path))
        return nodeDisk.openNow(path)
      },
    }
    const store = await openStore({ disk, limits: { segmentEventsMax: 2, indexRetryMs: 20 } })
    for (let n = 1; n <= 7; n++) await store.append({ events: [fact('thing-1')] })
    none = false
    await expect.poll(() => [1, 2, 3].every((n) => opened.has(`0000000${n}.idx`))).toBe(true)
  },
)

test('appends and closing work when the time for a retry comes and no index is left to make', async () => {
  let failures = 1
  const disk = observedDisk({
    before(told) {
      if (told.file.includes('.idx') && failures-- > 0) throw diskFull()
    },
  })
  const store = await openStore({ disk, limits: { segmentEventsMax: 2, unindexedSegmentsMax: 1, indexRetryMs: 100 } })
  for (let n = 1; n <= 5; n++) await store.append({ events: [fact('thing-1')] })
  await pause(200)
  for (let n = 6; n <= 20; n++) await store.append({ events: [fact('thing-1')] })
  await store.close()
})

test('the next writer removes the unfinished files of a process that died', async () => {
  const dir = temporaryDirectory()
  await (await openStore({ dir })).close()
  const unfinished = ['00000002.log.new', '00000001.idx.99-1.new']
  for (const name of unfinished) await writeFile(join(dir, name), 'half')
  await (await openStore({ dir })).close()
  expect((await readdir(dir)).filter((name) => unfinished.includes(name))).toEqual([])
})

describe('a broken disk', () => {
  /** Appends while the k-th matching call fails, for every k. */
  async function atEveryCall(
    isMeant: (told: DiskCall) => boolean,
    check: (fault: { dir: string; store: EventStore; results: Results; triedAgain: boolean }) => Promise<void>,
  ): Promise<void> {
    let failures = 0
    for (let k = 1; failures === k - 1; k++) {
      const dir = temporaryDirectory()
      let calls = Number.NEGATIVE_INFINITY
      let failed = false
      let triedAgain = false
      const disk = observedDisk({
        before(told) {
          triedAgain ||= failed && isWriteOrSync(told)
          if (!isMeant(told) || ++calls !== k) return
          failed = true
          throw diskBroken()
        },
      })
      const store = await openStore({ dir, disk, limits: small })
      calls = 0
      const results = await appendRounds(store, { rounds: 6, perRound: 3, name: 'during' })
      if (!failed) break
      failures++
      await check({ dir, store, results, triedAgain })
    }
    expect(failures).toBeGreaterThan(0)
  }

  test.each(['write', 'sync', 'truncate', 'syncDir'] as const)(
    'on which %s fails poisons the store: it retries nothing, acknowledges nothing, and reads go on',
    async (kind) => {
      const isMeant = (told: DiskCall) => told.call === kind && !told.isUnnamed && (isOfLog(told) || kind === 'syncDir')
      await atEveryCall(isMeant, async ({ dir, store, results, triedAgain }) => {
        expect(triedAgain).toBe(false)
        expect(withResult(results, 'written').length + withResult(results, 'store_poisoned').length).toBe(18)
        await expect(store.append({ events: [fact('thing-1')] })).rejects.toMatchObject({ code: 'store_poisoned' })
        const acknowledged = withResult(results, 'written')
        expect(await streamsIn(store)).toEqual(acknowledged)
        await store.close()
        // An append that was not acknowledged may be in the log, but only after those that were.
        const again = await openStore({ dir })
        const found = await streamsIn(again)
        expect(found.slice(0, acknowledged.length)).toEqual(acknowledged)
        expect(await again.append({ events: [fact('thing-1')] })).toMatchObject({ firstPosition: found.length + 1 })
      })
    },
  )

  test.each(['open', 'write', 'sync', 'rename'] as const)(
    'on which %s fails before a new segment has its name refuses the appends that wait for it, and the next ones work',
    async (kind) => {
      const isMeant = (told: DiskCall) => isOfLog(told) && told.call === kind && (told.isUnnamed || kind === 'rename')
      await atEveryCall(isMeant, async ({ dir, store, results }) => {
        expect(withResult(results, 'io_failed').length).toBeGreaterThan(0)
        expect(withResult(results, 'written').length + withResult(results, 'io_failed').length).toBe(18)
        expect(await streamsIn(store)).toEqual(withResult(results, 'written'))
        for (const stream of withResult(results, 'io_failed')) {
          const again = { events: [fact(stream)], expected: { [stream]: 'none' as const } }
          expect(await store.append(again)).toMatchObject({ status: 'written' })
        }
        await store.close()
        expect((await readdir(dir)).filter((name) => name.endsWith('.new'))).toEqual([])
        expect(await verifyLog({ dir, disk: diskHere })).toMatchObject({ events: 18 })
      })
    },
  )

  test('may report failure although it renamed the next segment: a follower that went on there still misses nothing', async () => {
    const dir = temporaryDirectory()
    let failures = 0
    const disk: Disk = {
      ...nodeDisk,
      async rename(from, to) {
        await nodeDisk.rename(from, to)
        if (to.endsWith('00000002.log') && failures++ === 0) throw diskBroken()
      },
    }
    const store = await openStore({ dir, disk, limits: small })
    await store.append({ events: [fact('thing-1', 'Happened', 'x'.repeat(600))] })
    const reader = await openStore({ dir, access: 'read' })
    const long = { events: [fact('thing-1', 'Happened', 'x'.repeat(600))] }
    await expect(store.append(long)).rejects.toMatchObject({ code: 'io_failed' })
    expect(await segmentsIn(dir)).toHaveLength(2)
    expect(await all(reader)).toHaveLength(1)
    // There would have been room for it in the first segment.
    await store.append({ events: [fact('thing-1')] })
    await store.append(long)
    expect(await all(reader)).toHaveLength(3)
    await store.close()
    expect(await verifyLog({ dir, disk: diskHere })).toMatchObject({ events: 3 })
  })

  test('a file that has the name of the next segment but is not ours is never written to', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir, limits: { segmentEventsMax: 1 } })
    await store.append({ events: [fact('thing-1')] })
    await writeFile(join(dir, '00000002.log'), 'of somebody else')
    await expect(store.append({ events: [fact('thing-1')] })).rejects.toMatchObject({ code: 'store_poisoned' })
    expect(await readFile(join(dir, '00000002.log'), 'utf8')).toBe('of somebody else')
  })

  test.skipIf(linuxMissing)(
    `a failure while a segment or a log is created leaves no file open${skippedBecause(linuxMissing)}`,
    async () => {
      const dir = temporaryDirectory()
      const opened = async () => {
        const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
        return (await Promise.all(links)).filter((path) => path.startsWith(dir)).sort()
      }
      const fails = new Set<DiskCall['call']>()
      const disk = observedDisk({
        before(told) {
          if (fails.has(told.call) && (isOfLog(told) || told.call === 'syncDir')) throw diskBroken()
        },
      })
      const limits = { segmentEventsMax: 1, columnsShareMax: 0 }
      for (const call of ['open', 'write', 'sync', 'syncDir'] as const) {
        fails.add(call)
        await expect(fileStore({ dir, disk, limits })).rejects.toMatchObject({ code: 'io_failed' })
        fails.delete(call)
        expect(await opened()).toEqual([])
      }
      const store = await openStore({ dir, disk, limits })
      await store.append({ events: [fact('thing-1')] })
      const before = await opened()
      for (const call of ['open', 'rename', 'sync', 'syncDir'] as const) {
        fails.add(call)
        await expect(store.append({ events: [fact('thing-1')] })).rejects.toThrow()
        fails.delete(call)
        expect(await opened()).toEqual(before)
      }
      await store.close()
      expect(await opened()).toEqual([])
    },
  )

  test('a sync that reports a full disk poisons the store, because what is on the disk is unknown', async () => {
    let armed = false
    const disk = observedDisk({
      before({ call }) {
        if (armed && call === 'sync') throw diskFull()
      },
    })
    const store = await openStore({ disk })
    await store.append({ events: [fact('thing-1')] })
    armed = true
    await expect(store.append({ events: [fact('thing-1')] })).rejects.toMatchObject({ code: 'store_poisoned' })
    armed = false
    await expect(store.append({ events: [fact('thing-1')] })).rejects.toMatchObject({ code: 'store_poisoned' })
  })

  test('opening a log writes the last frame again, because it may not have been synced', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir })
    await store.append({ events: [fact('thing-1')] })
    const writes: DiskCall[] = []
    const disk = observedDisk({ after: (call) => void (call.call === 'write' && writes.push(call)) })
    const again = await openStore({ dir: await copyOfLog(dir), disk })
    expect(writes).toMatchObject([{ at: segmentHeaderBytes }])
    expect(await all(again)).toHaveLength(1)
  })
})

describe('backpressure', () => {
  const limits = { queuedAppendsMax: 4, ...waiting }

  test('above the limits appends wait and keep their order, and a caller can abort its append', async () => {
    const { disk, open, close } = gatedDisk('sync')
    const store = await openStore({ disk, limits })
    await store.append({ events: [fact('thing-0')] })
    close()
    const stop = new AbortController()
    const outcomes: (AppendOutcome | string)[] = []
    const append = (n: number, signal?: AbortSignal) =>
      store.append({ events: [fact(`thing-${n}`)] }, signal ? { signal } : {}).then(
        (outcome) => outcomes.push(outcome),
        (error) => outcomes.push(error.code),
      )
    const first = append(1)
    await pause(5)
    // Four appends fit into the next group; the others wait.
    const others = [2, 3, 4, 5, 6].map((n) => append(n))
    const given = [append(7, stop.signal), append(8)]
    await pause(5)
    stop.abort()
    await given[0]
    expect(outcomes).toEqual(['aborted'])
    open()
    await Promise.all([first, ...others, ...given])
    expect(outcomes.slice(1)).toMatchObject([2, 3, 4, 5, 6, 7, 8].map((firstPosition) => ({ firstPosition })))
    expect(await streamsIn(store)).toEqual([0, 1, 2, 3, 4, 5, 6, 8].map((n) => `thing-${n}`))
  })

  test('a long frame is written while the rest of the turn is still encoded; a short frame is written together with the rest', async () => {
    const writes: number[] = []
    const disk = observedDisk({ before: (call) => void (call.call === 'write' && writes.push(call.length)) })
    const store = await openStore({ disk, limits: { earlyWriteBytesMin: 2000, reserveBytes: 8 } })
    const append = (length: number) =>
      store.append({ events: [fact('thing-1', 'Happened', { text: 'x'.repeat(length) })] })
    writes.length = 0
    const long = [append(1000), append(1000)]
    expect(writes).toHaveLength(1)
    const rest = [append(10), append(10)]
    await Promise.all([...long, ...rest])
    expect(writes).toHaveLength(2)
    const short = [append(10), append(10)]
    expect(writes).toHaveLength(2)
    await Promise.all(short)
    expect(writes).toHaveLength(3)
    expect(await streamsIn(store)).toHaveLength(6)
  })

  test('appends that waited while the disk was full are written one frame at a time, after those before them were refused', async () => {
    let full = false
    let writing = 0
    let together = 0
    const disk = observedDisk({
      async before({ call }) {
        if (call !== 'write') return
        together = Math.max(together, ++writing)
        await pause(5)
        if (!full) return
        full = false
        writing--
        throw diskFull()
      },
      after: ({ call }) => void (call === 'write' && writing--),
    })
    const one = { ...waiting, queuedAppendsMax: 1, earlyWriteBytesMin: 0, reserveBytes: 8 }
    const store = await openStore({ disk, limits: one })
    await store.append({ events: [fact('thing-0')] })
    full = true
    const appends = [1, 2, 3, 4, 5].map((n) => store.append({ events: [fact(`thing-${n}`)] }))
    const results = await Promise.allSettled(appends)
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([false, false, true, true, true])
    expect(together).toBe(1)
    expect(await streamsIn(store)).toEqual([0, 3, 4, 5].map((n) => `thing-${n}`))
  })

  test('the waiting bytes are bounded too, and a commit larger than the bound is written alone', async () => {
    const writes: number[] = []
    const disk = observedDisk({ after: (call) => void (call.call === 'write' && writes.push(call.length)) })
    const store = await openStore({ disk, limits: { queuedBytesMax: 2000, reserveBytes: 8 } })
    const text = (length: number) => ({ events: [fact('thing-1', 'Happened', { text: 'x'.repeat(length) })] })
    await Promise.all([store.append(text(50_000)), ...Array.from({ length: 50 }, () => store.append(text(500)))])
    expect(await all(store)).toHaveLength(51)
    expect(writes.filter((length) => length > 3000)).toHaveLength(1)
    expect(writes.length).toBeGreaterThan(10)
  })
})

test('a disk that is slow always or every other time blocks the thread for only a small share of the time', async () => {
  for (const slowEvery of [1, 2]) {
    const [slowMs, beginMs] = [4, performance.now()]
    let writes = 0
    let blockedMs = 0
    const disk: Disk = {
      ...nodeDisk,
      async open(path, mode) {
        const file = await nodeDisk.open(path, mode)
        return {
          ...file,
          writeNow(bytes, at) {
            file.writeNow(bytes, at)
            if (++writes % slowEvery > 0) return
            for (const endMs = performance.now() + slowMs; performance.now() < endMs; );
            blockedMs += slowMs
          },
        }
      },
    }
    const store = await openStore({ disk })
    for (let n = 0; n < 300; n++) await store.append({ events: [fact('thing-1')] })
    expect(writes).toBeGreaterThan(0)
    expect(blockedMs).toBeLessThanOrEqual(20 + slowMs + (performance.now() - beginMs) / 20)
  }
})

describe('an event is never changed or deleted', () => {
  test('the file store has no operation that updates or deletes an event', async () => {
    const doors = [
      'backupLog',
      'fileConsumers',
      'fileCopySource',
      'fileCopyTarget',
      'fileProofs',
      'fileSnapshots',
      'fileStorage',
      'fileStore',
      'logStats',
      'rebuildIndex',
      'verifyLog',
      'writerOf',
    ]
    expect(Object.keys(door).sort()).toEqual(doors)
    const dir = temporaryDirectory()
    const store = await openStore({ dir })
    await store.append({ events: [fact('thing-1', 'Happened', { amount: 1 })], commandId: 'c-1' })
    const before = await allFields(store)
    const methods = [
      'append',
      'close',
      'countTypes',
      'findCommit',
      'head',
      'health',
      'historyAt',
      'positionAt',
      'read',
      'replay',
      'subscribe',
    ]
    expect(Object.keys(store).sort()).toEqual(methods)
    // The closest to an update that the API allows: the same event id, the same command id, an earlier expected version.
    const [event] = await all(store)
    const forged = { ...fact('thing-1', 'Happened', { amount: 2 }), id: event!.id }
    await store.append({ events: [forged], commandId: 'c-1' })
    await store.append({ events: [forged], expected: { 'thing-1': 0 } })
    await store.append({ events: [forged] })
    expect((await allFields(store)).slice(0, 1)).toEqual(before)
  })

  test('in a long run a writer writes and truncates only behind durable bytes, and removes or replaces no segment', async () => {
    const dir = temporaryDirectory()
    const durable = new Map<string, number>()
    const last = new Map<string, number>()
    const violations: DiskCall[] = []
    let calls = 0
    // Opening a log that was not closed in order writes its last frame once more.
    const isThere = ({ file, at, bytes }: DiskCall) =>
      readFileSync(join(dir, file))
        .subarray(at, at + bytes.length)
        .equals(bytes)
    const disk = observedDisk({
      before(told) {
        const { call, file, at } = told
        const end = isOfLog(told) ? (durable.get(file) ?? 0) : 0
        if (call === 'write' && at < end && !isThere(told)) violations.push(told)
        if (call === 'truncate' && at < end) violations.push(told)
        if ((call === 'remove' || call === 'rename' || call === 'open') && end > segmentHeaderBytes)
          violations.push(told)
        if (++calls % 97 > 90 && call === 'write') throw diskFull()
      },
      after(told) {
        if (!isOfLog(told)) return
        if (told.call === 'write') last.set(told.file, told.end)
        if (told.call === 'sync') durable.set(told.file, last.get(told.file) ?? 0)
      },
    })
    const limits = { segmentBytesMax: 4096, reserveBytes: 512 }
    const sizes = new Map<string, Buffer>()
    let written = 0
    for (let round = 0; round < 6; round++) {
      const store = await fileStore({ dir, disk, limits })
      for (let n = 0; n < 60; n++) {
        const data = { text: 'x'.repeat((n * 37) % 900) }
        await store.append({ events: [fact(`thing-${n % 5}`, 'Happened', data)] }).then(
          () => written++,
          () => {},
        )
      }
      await store.close()
      for (const [name, bytes] of await logBytes(dir)) {
        const before = sizes.get(name) ?? Buffer.alloc(0)
        expect(bytes.subarray(0, before.length).equals(before), join(dir, name)).toBe(true)
        sizes.set(name, bytes)
      }
    }
    expect(violations).toEqual([])
    expect(durable.size).toBeGreaterThan(5)
    expect(written).toBeGreaterThan(200)
    expect(written).toBeLessThan(360)
    expect(await verifyLog({ dir })).toMatchObject({ events: written })
  })
})
