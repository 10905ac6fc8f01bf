import { copyFile, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fileStore } from '../../file/event-store.ts'
import { fact, openStore, segmentsIn, temporaryDirectory } from '../../file/test-support.ts'
import { encodeEvent } from '../../kernel/encoding.ts'
import { systemIdWriter } from '../../kernel/system-clock.ts'
import { nodeDisk } from '../disk/disk.ts'
import { logLimits } from '../limits.ts'
import { FrameEncoder } from '../write/frame-encoder.ts'
import { checkSegment } from './check-segment.ts'
import { SegmentChecker } from './check-threads.ts'
import { logStats } from './stats.ts'
import { verifyLog } from './verify.ts'
import { Versions } from './versions.ts'

let now = 0
const clock = { now: () => ++now * 1000 }

async function writtenLog({ close }: { close: boolean }): Promise<string> {
  const dir = temporaryDirectory()
  const store = await openStore({ dir, clock, limits: { segmentBytesMax: 700 } })
  now = 0
  await store.append({ events: [fact('a-1', 'Opened'), fact('a-2', 'Opened')] })
  for (let n = 0; n < 8; n++) await store.append({ events: [fact('a-1', 'Moved', { n })] })
  if (close) await store.close()
  return dir
}

test.each([true, false])('an intact log is verified and counted (closed: %s)', async (close) => {
  const dir = await writtenLog({ close })
  const segments = await segmentsIn(dir)
  const times = { first: '1970-01-01T00:00:01.000Z', last: '1970-01-01T00:00:09.000Z' }
  expect(segments.length).toBeGreaterThan(1)
  expect(await verifyLog({ dir })).toEqual({
    segments: segments.length,
    bytes: expect.any(Number),
    commits: 9,
    events: 10,
    head: 10,
    recordedAt: times.last,
    ending: close ? 'closed' : 'open',
    indexes: { checked: expect.any(Number), missing: expect.any(Number) },
    columns: { checked: expect.any(Number), missing: expect.any(Number) },
  })
  const stats = await logStats({ dir })
  expect(stats).toMatchObject({
    commits: 9,
    events: 10,
    streams: 2,
    eventTypes: [
      { type: 'Moved', count: 8 },
      { type: 'Opened', count: 2 },
    ],
    firstRecordedAt: times.first,
    lastRecordedAt: times.last,
  })
  expect(stats.segments.map(({ file }) => file)).toEqual(segments)
  expect(stats.segments[0]).toMatchObject({ commits: expect.any(Number), events: stats.segments[0]!.commits + 1 })
})

test('an empty log is intact, and a missing one is reported as missing', async () => {
  const dir = temporaryDirectory()
  await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'store_missing' })
  await expect(logStats({ dir })).rejects.toMatchObject({ code: 'store_missing' })
  await (await fileStore({ dir })).close()
  expect(await verifyLog({ dir })).toMatchObject({ segments: 1, events: 0, head: 0, recordedAt: null })
  expect(await logStats({ dir })).toMatchObject({ events: 0, streams: 0, eventTypes: [], firstRecordedAt: null })
})

test('progress grows up to the total', async () => {
  const dir = temporaryDirectory()
  const store = await openStore({ dir })
  const data = new Uint8Array(1024 * 1024)
  for (let n = 0; n < 10; n++) await store.append({ events: [{ stream: 'a-1', type: 'Large', data }] })
  const seen: { bytesDone: number; bytesTotal: number }[] = []
  await verifyLog({ dir, onProgress: (progress) => seen.push(progress) })
  expect(seen.length).toBeGreaterThanOrEqual(3)
  expect(seen.map(({ bytesDone }) => bytesDone)).toEqual(seen.map(({ bytesDone }) => bytesDone).sort((a, b) => a - b))
  expect(seen.at(-1)!.bytesDone).toBe(seen.at(-1)!.bytesTotal)
})

test('a log can be verified while it is being written', async () => {
  const dir = temporaryDirectory()
  const store = await openStore({ dir, limits: { segmentBytesMax: 2000, reserveBytes: 400 } })
  let writing = true
  const writer = (async () => {
    for (let n = 0; n < 1000; n++) await store.append({ events: [fact('a-1', 'Moved', { n })] })
    writing = false
  })()
  let events = 0
  while (writing) {
    const found = await verifyLog({ dir })
    expect(found.events).toBeGreaterThanOrEqual(events)
    events = found.events
    await logStats({ dir })
  }
  await writer
  expect(await verifyLog({ dir })).toMatchObject({ events: (await store.head()).position })
})

test.each([
  ['a version that does not follow', { version: 5, recordedAtMs: 10_000, position: 11 }],
  ['a time that goes back', { version: 10, recordedAtMs: 1, position: 11 }],
  ['a position that does not follow', { version: 10, recordedAtMs: 10_000, position: 12 }],
])('%s is found although every checksum is right', async (_, { version, recordedAtMs, position }) => {
  const dir = await writtenLog({ close: true })
  const file = (await segmentsIn(dir)).at(-1)!
  const end = (await logStats({ dir })).segments.at(-1)!.bytes
  const frame = new FrameEncoder(systemIdWriter)
  const events = [encodeEvent(fact('a-1'))]
  frame.add({ commandId: undefined, firstPosition: position, recordedAtMs, events, versions: [version] })
  const bytes = frame.finish({ segment: Number.parseInt(file, 10), offset: end }, 0)
  const handle = await open(join(dir, file), 'r+')
  await handle.write(bytes, 0, bytes.length, end)
  await handle.close()
  await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'log_corrupt', details: { file, offset: end } })
})

test('files that are not segments are ignored', async () => {
  const dir = await writtenLog({ close: true })
  await writeFile(join(dir, 'notes.txt'), 'mine')
  await writeFile(join(dir, '00000009.log.new'), 'left by a roll that did not finish')
  expect(await verifyLog({ dir })).toMatchObject({ events: 10 })
  expect((await (await openStore({ dir })).head()).position).toBe(10)
})

/** Five events: two sealed segments of two events, each with an index, and a third segment that has begun. */
async function indexedLog(): Promise<string> {
  const dir = temporaryDirectory()
  const store = await fileStore({ dir, limits: { segmentEventsMax: 2, unindexedEventsMax: 100 } })
  const metadata = { correlationId: 'order 7' }
  for (let n = 0; n < 5; n++) {
    const event = { ...fact(`a-${n}`, 'Moved', { n }), tags: ['moved', `n:${n}`], metadata }
    await store.append({ events: [event], commandId: `command ${n}` })
  }
  await store.close()
  return dir
}

describe('the index is checked against the log', () => {
  test('an intact index passes, and a missing one is no fault', async () => {
    const dir = await indexedLog()
    expect(await verifyLog({ dir })).toMatchObject({ segments: 3, indexes: { checked: 2, missing: 0 } })
    await rm(join(dir, '00000001.idx'))
    expect(await verifyLog({ dir })).toMatchObject({ segments: 3, indexes: { checked: 1, missing: 1 } })
  })

  test('a change of any byte is found, and the first wrong byte is reported', async () => {
    const dir = await indexedLog()
    const file = '00000002.idx'
    const whole = await readFile(join(dir, file))
    for (let offset = 0; offset < whole.length; offset += 1 + (offset % 97)) {
      const damaged = Buffer.from(whole)
      damaged[offset]! ^= 1 << (offset % 8)
      await writeFile(join(dir, file), damaged)
      await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'index_damaged', details: { file, offset } })
    }
  }, 120_000)

  test.each([0, 7, 4095, 4096, 9000])(
    'an index that was cut to %i bytes is reported as damaged at its end',
    async (length) => {
      const dir = await indexedLog()
      await truncate(join(dir, '00000002.idx'), length)
      const details = { file: '00000002.idx', offset: length }
      await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'index_damaged', details })
    },
  )

  test('an index that is too long, or that belongs to another segment, is reported as damaged', async () => {
    const dir = await indexedLog()
    const [first, second] = ['00000001.idx', '00000002.idx'].map((file) => join(dir, file))
    const whole = await readFile(second!)
    await writeFile(second!, Buffer.concat([whole, Buffer.alloc(1)]))
    const details = { file: '00000002.idx', offset: whole.length }
    await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'index_damaged', details })
    await copyFile(first!, second!)
    await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'index_damaged', details: { offset: 12 } })
  })

  test('damage to the log is reported before damage to an index', async () => {
    const dir = await indexedLog()
    await truncate(join(dir, '00000001.idx'), 0)
    const file = join(dir, '00000002.log')
    const bytes = await readFile(file)
    bytes[70]! ^= 1
    await writeFile(file, bytes)
    await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'log_corrupt', details: { file: '00000002.log' } })
  })

  test('an index of a segment that got more events later is checked for the earlier ones', async () => {
    const dir = temporaryDirectory()
    const store = await fileStore({ dir, limits: { unindexedEventsMax: 0 } })
    await store.append({ events: [fact('a-1'), fact('a-2')] })
    await store.close()
    const again = await openStore({ dir })
    await again.append({ events: [fact('a-1')] })
    expect(await verifyLog({ dir })).toMatchObject({ events: 3, indexes: { checked: 1, missing: 0 } })
    const file = '00000001.idx'
    const bytes = await readFile(join(dir, file))
    // The number of events. It no longer tells what the index covers, so the index is compared with one of all events; the first difference is the log's end.
    bytes[56]! ^= 1
    await writeFile(join(dir, file), bytes)
    await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'index_damaged', details: { file, offset: 40 } })
  })
})

test('a log that ends before its index has lost events', async () => {
  const dir = temporaryDirectory()
  const open = () => fileStore({ dir, limits: { unindexedEventsMax: 0 } })
  let store = await open()
  await store.append({ events: [fact('a-1')] })
  await store.close()
  const earlier = await readFile(join(dir, '00000001.log'))
  store = await open()
  await store.append({ events: [fact('a-1')] })
  await store.close()
  await writeFile(join(dir, '00000001.log'), earlier)
  const details = { file: '00000001.log', offset: earlier.length }
  await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'log_corrupt', details })
  await expect(fileStore({ dir })).rejects.toMatchObject({ code: 'log_corrupt', details })
})

test('versions are checked across segments', async () => {
  const dir = await indexedLog()
  const [file, offset] = ['00000003.log', 64]
  // The event of the last segment again, but as the second event of a stream that has no first one.
  const frame = new FrameEncoder(systemIdWriter)
  const events = [encodeEvent(fact('a-9'))]
  frame.add({ commandId: undefined, firstPosition: 5, recordedAtMs: 1e13, events, versions: [2] })
  const header = (await readFile(join(dir, file))).subarray(0, offset)
  await writeFile(join(dir, file), Buffer.concat([header, frame.finish({ segment: 3, offset }, 0)]))
  const error = {
    code: 'log_corrupt',
    details: { file, offset },
    message: expect.stringContaining('a-9 has version 2'),
  }
  await expect(verifyLog({ dir })).rejects.toMatchObject(error)
})

test('two streams with the same hash are told apart by their names', async () => {
  const read: unknown[] = []
  const versions = new Versions(async (hashes, segment) => void read.push([[...hashes], segment]))
  const streams = (firstVersion: number, lastVersion: number) => ({
    high: Uint32Array.of(1),
    low: Uint32Array.of(2),
    firstVersion: Float64Array.of(firstVersion),
    lastVersion: Float64Array.of(lastVersion),
  })
  await versions.take(1, streams(1, 3))
  await versions.take(2, streams(4, 4))
  expect(read).toEqual([])
  await versions.take(3, streams(1, 2))
  await versions.take(4, streams(5, 5))
  await versions.finish(9)
  expect(read).toEqual([
    [[0x1_0000_0002n], 3],
    [[0x1_0000_0002n], 9],
  ])
})

test('streams are checked also when there are more of them than the initial table holds', async () => {
  const versions = new Versions(async () => Promise.reject(new Error('nothing is doubtful')))
  const count = 100_000
  const high = Uint32Array.from({ length: count }, (_, n) => Math.imul(n, 0x9e3779b1))
  const low = Uint32Array.from({ length: count }, (_, n) => n % 1000)
  for (let segment = 1; segment <= 3; segment++) {
    const version = new Float64Array(count).fill(segment)
    await versions.take(segment, { high, low, firstVersion: version, lastVersion: version })
  }
})

describe('numbers', () => {
  test('are the same with an index, without one and with a damaged one', async () => {
    const dir = await indexedLog()
    const found = await logStats({ dir })
    expect(found).toMatchObject({
      commits: 5,
      events: 5,
      streams: 5,
      eventTypes: [{ type: 'Moved', count: 5 }],
      indexes: { count: 2, bytes: expect.any(Number) },
      syncs: { count: expect.any(Number) },
    })
    expect(found.segments.map(({ indexBytes }) => indexBytes !== null)).toEqual([true, true, false])
    const { segments, indexes, ...counted } = found
    const bytes = await readFile(join(dir, '00000001.idx'))
    bytes[bytes.length - 1]! ^= 1
    await writeFile(join(dir, '00000001.idx'), bytes)
    await rm(join(dir, '00000002.idx'))
    expect(await logStats({ dir })).toMatchObject(counted)
  })

  test('entries that cross pages are counted completely', async () => {
    const dir = temporaryDirectory()
    const store = await fileStore({ dir, limits: { segmentEventsMax: 2000 } })
    const events = Array.from({ length: 2000 }, (_, n) => ({
      ...fact(`${'x'.repeat(n % 70)}c-${'é'.repeat(n % 100)}${n % 1500}`, `Type ${n % 13}`),
      tags: [`tag ${'t'.repeat(n % 400)}`],
    }))
    for (let at = 0; at < events.length; at += 100) await store.append({ events: events.slice(at, at + 100) })
    await store.append({ events: [fact('last-1')] })
    await store.close()
    expect(await logStats({ dir })).toMatchObject({
      events: 2001,
      commits: 21,
      streams: new Set(events.map(({ stream }) => stream)).size + 1,
      indexes: { count: 1 },
    })
    expect((await logStats({ dir })).eventTypes.find(({ type }) => type === 'Type 7')).toEqual({
      type: 'Type 7',
      count: 154,
    })
  })

  test('the writer records durations of durable writes in classes, and a malformed file of them counts as missing', async () => {
    const dir = await indexedLog()
    const count = (microsecondsMax: number | null, count: number) => ({ microsecondsMax, count })
    const syncs = {
      since: '2026-11-23T00:00:00.000Z',
      count: 200,
      classes: [count(16, 120), count(32, 78), count(null, 2)],
    }
    await writeFile(join(dir, 'syncs.json'), JSON.stringify(syncs))
    const percentiles = { p50Microseconds: 16, p99Microseconds: 32, maxMicroseconds: null }
    expect((await logStats({ dir })).syncs).toEqual({ ...syncs, ...percentiles })
    for (const text of ['', 'null', '{}', '{"classes":1}', '{"count":0,"classes":[]}']) {
      await writeFile(join(dir, 'syncs.json'), text)
      expect((await logStats({ dir })).syncs).toBeNull()
    }
  })
})

test('worker threads give the same results as this thread, and report damage with its code', async () => {
  const dir = await indexedLog()
  const log = { dir, disk: nodeDisk, limits: logLimits }
  const checker = new SegmentChecker(log, { bytes: Number.POSITIVE_INFINITY })
  onTestFinished(() => checker.close())
  expect(checker.width).toBeGreaterThan(availableParallelism() > 1 ? 1 : 0)
  for (const task of [1, 2].map((segment) => ({ segment, indexed: true, hasColumns: false }))) {
    expect(await checker.check(task)).toEqual(await checkSegment(log, task))
  }
  const file = '00000002.log'
  const bytes = await readFile(join(dir, file))
  bytes[70]! ^= 1
  await writeFile(join(dir, file), bytes)
  const both = await Promise.allSettled(
    [1, 2].map((segment) => checker.check({ segment, indexed: false, hasColumns: false })),
  )
  // Each task also checks that the next segment continues this one.
  const damage = { reason: { code: 'log_corrupt', details: { file, offset: 64 } } }
  expect(both).toMatchObject([damage, damage])
})
