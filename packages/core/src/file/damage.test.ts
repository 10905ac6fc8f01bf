import { copyFile, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { draws, long } from '../../../../scripts/campaign.ts'
import { isIndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Query } from '../kernel/queries.ts'
import { frameAlignment, frameHeaderBytes } from '../log/format/frame.ts'
import { segmentHeaderBytes } from '../log/format/segment-header.ts'
import { pageBytes } from '../log/index/pages.ts'
import { verifyLog } from '../log/maintenance/verify.ts'
import type { EventBatch, EventStore } from '../store/port.ts'
import { fileStore } from './event-store.ts'
import {
  all,
  allFields,
  copyOfLog,
  diskHere,
  fact,
  fieldsOf,
  indexesIn,
  logBytes,
  openStore,
  segmentsIn,
  tailOf,
  temporaryDirectory,
} from './test-support.ts'

const first = '00000001.log'

/** Writes a log in which each frame holds one event. Returns where each frame of its first file begins; the last entry is the end of the last frame. */
async function writtenLog(count: number, { close = false, limits = {} } = {}) {
  const dir = temporaryDirectory()
  const store = await openStore({ dir, limits: { reserveBytes: 2000, ...limits } })
  const starts: number[] = []
  for (let n = 1; n <= count; n++) {
    starts.push(await endOfFrames(join(dir, first)))
    await store.append({ events: [fact(`thing-${n % 2}`, 'Happened', { n })], commandId: `c-${n}` })
  }
  starts.push(await endOfFrames(join(dir, first)))
  const events = await allFields(store)
  if (close) await store.close()
  return { dir: close ? dir : await copyOfLog(dir), starts, events }
}

async function endOfFrames(path: string): Promise<number> {
  const bytes = await readFile(path)
  let end = segmentHeaderBytes
  while (end + 24 <= bytes.length && bytes.readUInt32LE(end) !== 0) end += 24 + bytes.readUInt32LE(end + 8)
  return end
}

describe('a torn tail', () => {
  test('that is cut at any byte of the last frame loses only that frame, and appends work again', async () => {
    const { dir, starts, events } = await writtenLog(3)
    const whole = await readFile(join(dir, first))
    for (let end = starts[2]!; end < starts[3]!; end++) {
      await writeFile(join(dir, first), whole.subarray(0, end))
      const store = await fileStore({ dir, limits: { reserveBytes: 500 } })
      expect(await allFields(store)).toEqual(events.slice(0, 2))
      expect(await store.append({ events: [fact('thing-9')], commandId: 'c-3' })).toMatchObject({
        status: 'written',
        firstPosition: 3,
      })
      await store.close()
      expect(await verifyLog({ dir })).toMatchObject({ events: 3 })
    }
  })

  test('that is zero from any byte of the last frame on loses only that frame', async () => {
    const { dir, starts, events } = await writtenLog(3)
    const whole = await readFile(join(dir, first))
    for (let end = starts[2]!; end < starts[3]! - 8; end += 3) {
      await writeFile(join(dir, first), Buffer.from(whole).fill(0, end))
      const store = await fileStore({ dir })
      expect(await allFields(store)).toEqual(events.slice(0, 2))
      await store.close()
    }
  })

  test('of any garbage loses no acknowledged event, and is never read as an event', async () => {
    const { dir, starts, events } = await writtenLog(2)
    const whole = (await readFile(join(dir, first))).subarray(0, starts[2])
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.constant(Buffer.from('FRME')),
      fc.constant(Buffer.alloc(24)),
      // A whole frame that was written for another place.
      fc.constant(whole.subarray(starts[0], starts[1])),
    )
    const garbage = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => Buffer.concat(pieces))
    await fc.assert(
      fc.asyncProperty(garbage, async (tail) => {
        await writeFile(join(dir, first), Buffer.concat([whole, tail]))
        const reader = await fileStore({ dir, access: 'read' })
        expect(await allFields(reader)).toEqual(events)
        await reader.close()
        const store = await fileStore({ dir, limits: { reserveBytes: 500 } })
        expect(await allFields(store)).toEqual(events)
        expect(await tailOf(dir)).toBe('clean')
        await store.append({ events: [fact('thing-9')] })
        await store.close()
        expect(await verifyLog({ dir })).toMatchObject({ events: 3 })
      }),
      { numRuns: 100 },
    )
  })
})

describe('damage', () => {
  test('to any byte of an earlier frame is reported with its place, and nothing on the disk changes', async () => {
    const { dir, starts } = await writtenLog(3)
    const whole = await readFile(join(dir, first))
    for (let at = starts[1]!; at < starts[2]!; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1 << (at % 8)
      await writeFile(join(dir, first), damaged)
      const corrupt = { code: 'log_corrupt', details: { file: first, offset: starts[1] } }
      await expect(fileStore({ dir })).rejects.toMatchObject(corrupt)
      await expect(fileStore({ dir, access: 'read' })).rejects.toMatchObject(corrupt)
      await expect(verifyLog({ dir })).rejects.toMatchObject(corrupt)
      expect((await readFile(join(dir, first))).equals(damaged)).toBe(true)
      expect(await segmentsIn(dir)).toEqual([first])
    }
  })

  test('anywhere in a log that was closed in order is found by opening, reading or verifying, or is harmless', {
    timeout: 10 * 60_000,
  }, async () => {
    const { dir, events } = await writtenLog(7, { close: true, limits: { segmentBytesMax: 500 } })
    const files = await logBytes(dir)
    expect(files.size).toBeGreaterThan(2)
    expect(await indexesIn(dir)).toHaveLength(files.size - 1)
    const found = { opening: 0, readingAll: 0, readingStreams: 0, verifying: 0, nobody: 0 }
    const step = long ? 1 : 6
    const next = draws()
    for (const [name, whole] of files) {
      for (let at = next(step); at < whole.length; at += step) {
        const damaged = Buffer.from(whole)
        damaged[at]! ^= 1 << (at % 8)
        await writeFile(join(dir, name), damaged)
        const told = (error: unknown) => {
          if (!isIndelibleError(error, 'log_corrupt')) throw error
          expect(error.details).toEqual({ file: name, offset: expect.any(Number) })
          return false
        }
        const verified = await verifyLog({ dir, disk: diskHere }).then(() => true, told)
        const readers = await readingAll(dir, events, told)
        // No read accepts wrong bytes: every event that was read equals the original, and verify finds all damage that reading finds.
        if (verified) expect(readers).toEqual({ opened: true, all: true, streams: true })
        if (!readers.opened) found.opening++
        else if (!readers.all) found.readingAll++
        else if (!readers.streams) found.readingStreams++
        else if (!verified) found.verifying++
        else found.nobody++
        if (at % 16 > 0) continue
        const written = await readingAll(await copyOfLog(dir), events, told, 'write')
        if (!readers.opened) expect(written.opened).toBe(false)
      }
      await writeFile(join(dir, name), whole)
    }
    // Only the marks after the last commit of each file have nothing behind them that proves them. They hold no event.
    expect(found.nobody).toBe((24 / step) * files.size)
    // Opening a log does not read a sealed segment that has an index; reading its events does. The header of a segment holds no event.
    expect(found.opening).toBeGreaterThan(100 / step)
    expect(found.readingAll).toBeGreaterThan(500 / step)
    expect(found.verifying).toBeLessThanOrEqual(Math.ceil(segmentHeaderBytes / step) * files.size)
  })

  test('to any byte of an event in a sealed segment is found when only its stream is read', async () => {
    const { dir, starts } = await writtenLog(8, { close: true, limits: { segmentBytesMax: 500 } })
    const whole = await readFile(join(dir, first))
    for (let at = starts[0]! + frameHeaderBytes; at < starts[1]! - frameAlignment; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1 << (at % 8)
      await writeFile(join(dir, first), damaged)
      for (const access of ['read', 'write'] as const) {
        const store = await fileStore({ dir, access, disk: diskHere })
        const corrupt = { code: 'log_corrupt', details: { file: first, offset: starts[0]! + frameHeaderBytes } }
        await expect(all(store, [{ streams: ['thing-1'] }])).rejects.toMatchObject(corrupt)
        expect(await all(store, [{ streams: ['thing-0'] }])).toHaveLength(4)
        await store.close()
      }
    }
  })

  test('that happens while the store is open is found by the next read', async () => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir })
    for (let n = 0; n < 3; n++) await store.append({ events: [fact('thing-1')] })
    const bytes = await readFile(join(dir, first))
    bytes[segmentHeaderBytes + 60]! ^= 1
    await writeFile(join(dir, first), bytes)
    await expect(all(store)).rejects.toMatchObject({
      code: 'log_corrupt',
      details: { file: first, offset: segmentHeaderBytes },
    })
    expect(await store.append({ events: [fact('thing-1')] })).toMatchObject({ status: 'written' })
  })

  test.each([0, 1, -1])('a missing segment (%i) is reported by name', async (index) => {
    const { dir } = await writtenLog(8, { close: true, limits: { segmentBytesMax: 500 } })
    const missing = (await segmentsIn(dir)).at(index)!
    await rm(join(dir, missing))
    for (const access of ['read', 'write'] as const) {
      await expect(fileStore({ dir, access })).rejects.toMatchObject({
        code: 'log_corrupt',
        details: { file: missing },
      })
    }
    await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'log_corrupt', details: { file: missing } })
  })

  test('a sealed segment that lost its last frames is reported by name', async () => {
    const { dir } = await writtenLog(8, { close: true, limits: { segmentBytesMax: 500 } })
    await truncate(join(dir, first), segmentHeaderBytes)
    await expect(fileStore({ dir })).rejects.toMatchObject({
      code: 'log_corrupt',
      details: { file: '00000002.log', offset: 0 },
    })
  })

  test.each([
    ['newer', 3, 60],
    ['earlier', 1, 28],
  ])('a segment of a %s format is refused as an unknown format, not as damage', async (_, format, checksumAt) => {
    const { dir } = await writtenLog(1, { close: true })
    const bytes = await readFile(join(dir, first))
    bytes.writeUInt32LE(format, 8)
    bytes.writeUInt32LE(crc32(bytes.subarray(0, checksumAt)), checksumAt)
    await writeFile(join(dir, first), bytes)
    const unknown = { code: 'log_format_unknown', details: { file: first, format } }
    for (const access of ['read', 'write'] as const)
      await expect(fileStore({ dir, access })).rejects.toMatchObject(unknown)
    await expect(verifyLog({ dir })).rejects.toMatchObject(unknown)
    expect((await readFile(join(dir, first))).equals(bytes)).toBe(true)
  })

  test.each([0, 1, -1])('a segment of another log (%i) is refused', async (index) => {
    const limits = { segmentBytesMax: 500 }
    const { dir } = await writtenLog(8, { close: true, limits })
    const { dir: other } = await writtenLog(8, { close: true, limits })
    const name = (await segmentsIn(dir)).at(index)!
    await copyFile(join(other, name), join(dir, name))
    for (const access of ['read', 'write'] as const) {
      const store = await fileStore({ dir, access }).catch((error) => error)
      // The last segment tells whose log it is. If it comes from another log, all the others seem foreign.
      const file = index === -1 ? first : name
      if (store instanceof Error) expect(store).toMatchObject({ code: 'log_corrupt', details: { file } })
      else {
        await expect(all(store)).rejects.toMatchObject({ code: 'log_corrupt', details: { file: name } })
        await store.close()
      }
    }
    await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'log_corrupt' })
  })
})

describe('an index file', () => {
  const limits = { segmentBytesMax: 500 }
  const index = '00000001.idx'

  /** Opens the log for writing, asks it everything, and returns the index file afterwards. */
  async function opened(dir: string, events: readonly unknown[]): Promise<Buffer> {
    const store = await fileStore({ dir, disk: diskHere, limits })
    expect(await allFields(store)).toEqual(events)
    await asksEverything(store)
    await store.close()
    return await readFile(join(dir, index))
  }

  async function asksEverything(store: EventStore): Promise<void> {
    const positions = async (query: Query) => (await all(store, query)).map(({ position }) => position)
    expect(await positions([{ streams: ['thing-0'] }])).toEqual([2, 4, 6, 8])
    expect(await positions([{ streams: ['thing-1'] }])).toEqual([1, 3, 5, 7])
    expect(await positions([{ streams: ['thing-2'] }])).toEqual([])
    expect(await positions([{ types: ['Happened'], categories: ['thing'] }])).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    for (let n = 1; n <= 8; n++) expect(await store.findCommit(`c-${n}`)).toMatchObject({ firstPosition: n })
    expect(await store.findCommit('c-9')).toBeUndefined()
    const append = { events: [fact('thing-1')], commandId: 'c-1' }
    expect(await store.append(append).catch(({ code }) => code)).toMatchObject({
      status: 'duplicate',
      firstPosition: 1,
    })
    const late = { events: [fact('thing-1')], expected: { 'thing-1': 1 } }
    expect(await store.append(late)).toMatchObject({ conflict: { actual: 4 } })
  }

  test('that is damaged at any byte gives no wrong answer; a writer that meets the damage remakes it, and verify reports it', async () => {
    const { dir, events } = await writtenLog(8, { close: true, limits })
    const whole = await readFile(join(dir, index))
    const counts = { anew: 0, notMet: 0 }
    for (let at = 0; at < whole.length; at += at < 120 ? 3 : long ? 97 : 197) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 1 << (at % 8)
      await writeFile(join(dir, index), damaged)
      const told = { code: 'index_damaged', details: { file: index } }
      await expect(verifyLog({ dir, disk: diskHere })).rejects.toMatchObject(told)
      const reader = await fileStore({ dir, access: 'read', disk: diskHere, limits })
      const read = await allFields(reader).catch((error) => expect(error).toMatchObject(told))
      if (Array.isArray(read)) expect(read).toEqual(events)
      await reader.close()
      const left = await opened(dir, events)
      // Opening the log reads the first page.
      if (at < pageBytes || !left.equals(damaged)) expect(left.equals(whole)).toBe(true)
      if (left.equals(whole)) counts.anew++
      else counts.notMet++
    }
    expect(counts.anew).toBeGreaterThan(long ? 100 : 50)
    await writeFile(join(dir, index), whole)
    expect(await verifyLog({ dir })).toMatchObject({ events: 8 })
  })

  test('that is cut anywhere, belongs to another log or is missing is remade', async () => {
    const { dir, events } = await writtenLog(8, { close: true, limits })
    const { dir: other } = await writtenLog(8, { close: true, limits })
    const whole = await readFile(join(dir, index))
    for (let length = 0; length < whole.length; length += 811) {
      await writeFile(join(dir, index), whole.subarray(0, length))
      expect((await opened(dir, events)).equals(whole)).toBe(true)
    }
    await writeFile(join(dir, index), await readFile(join(other, index)))
    expect((await opened(dir, events)).equals(whole)).toBe(true)
    await rm(join(dir, index))
    expect((await opened(dir, events)).equals(whole)).toBe(true)
  })

  test('that was made when its segment had fewer events is still used for those events', async () => {
    const dir = temporaryDirectory()
    const limits = { segmentEventsMax: 8, unindexedEventsMax: 0 }
    const early = await openStore({ dir, limits })
    for (let n = 1; n <= 3; n++) await early.append({ events: [fact(`thing-${n % 2}`)], commandId: `c-${n}` })
    await early.close()
    const old = await readFile(join(dir, index))
    const later = await openStore({ dir, limits })
    for (let n = 4; n <= 8; n++) await later.append({ events: [fact(`thing-${n % 2}`)], commandId: `c-${n}` })
    const events = await allFields(later)
    await later.close()
    const whole = await readFile(join(dir, index))
    expect(whole.equals(old)).toBe(false)
    for (const access of ['read', 'write'] as const) {
      await writeFile(join(dir, index), old)
      const store = await fileStore({ dir, access, disk: diskHere, limits })
      expect(await allFields(store)).toEqual(events)
      if (access === 'write') await asksEverything(store)
      await store.close()
    }
    expect((await readFile(join(dir, index))).equals(whole)).toBe(true)
  })

  test('of more events than the log has shows that the log lost its end', async () => {
    const { dir } = await writtenLog(2, { close: true })
    const backup = await readFile(join(dir, first))
    const store = await openStore({ dir, limits: { unindexedEventsMax: 0 } })
    await store.append({ events: [fact('thing-1')], commandId: 'c-lost' })
    await store.close()
    expect(await indexesIn(dir)).toEqual([index])
    await writeFile(join(dir, first), backup)
    for (const access of ['read', 'write'] as const) {
      await expect(fileStore({ dir, access })).rejects.toMatchObject({ code: 'log_corrupt', details: { file: first } })
    }
    // A person who put back an older copy of the log on purpose deletes the index.
    await rm(join(dir, index))
    const again = await fileStore({ dir })
    expect(await all(again)).toHaveLength(2)
    expect(await again.findCommit('c-lost')).toBeUndefined()
    await again.close()
  })

  test('that is damaged while the store is open is remade, and reads and appends still answer correctly', async () => {
    const dir = temporaryDirectory()
    const limits = { segmentEventsMax: 8, indexCacheBytesMax: 0 }
    const store = await openStore({ dir, disk: diskHere, limits })
    for (let n = 1; n <= 30; n++) await store.append({ events: [fact(`thing-${n}`)], commandId: `c-${n}` })
    // Indexes are made in the background.
    await expect.poll(() => indexesIn(dir), { timeout: 20_000 }).toHaveLength(3)
    const indexes = await indexesIn(dir)
    const whole = await Promise.all(indexes.map((name) => readFile(join(dir, name))))
    // Several at once: an append has to look into all of them.
    for (const name of indexes)
      await writeFile(join(dir, name), Buffer.alloc((await readFile(join(dir, name))).length, 7))
    const appends = [
      store.append({ events: [fact('thing-1')], expected: { 'thing-1': 'none' } }),
      store.append({ events: [fact('thing-1')], commandId: 'c-2' }),
      store.append({ events: [fact('thing-9')], expected: { 'thing-9': 1 } }),
    ]
    expect(await Promise.all(appends)).toMatchObject([
      { conflict: { actual: 1 } },
      { status: 'duplicate', firstPosition: 2 },
      { status: 'written', versions: { 'thing-9': 2 } },
    ])
    expect(await all(store)).toHaveLength(31)
    for (let n = 0; n < 3; n++) expect((await readFile(join(dir, indexes[n]!))).equals(whole[n]!)).toBe(true)
  })
})

/** Opens a log and reads all of it in every way. Each read gives the original fields or reports damage. */
async function readingAll(
  dir: string,
  events: readonly unknown[],
  told: (error: unknown) => boolean,
  access: 'read' | 'write' = 'read',
): Promise<{ opened: boolean; all: boolean; streams: boolean }> {
  const store = await fileStore({ dir, access, disk: diskHere }).catch((error) => void told(error))
  if (!store) return { opened: false, all: false, streams: false }
  const streams = ['thing-0', 'thing-1'] as const
  const [forwards, backwards] = [events, events.toReversed()] as unknown as RecordedEvent[][]
  const right = async (read: AsyncIterable<EventBatch>, expected: readonly RecordedEvent[]) => {
    let found: EventBatch[]
    try {
      found = await Array.fromAsync(read)
    } catch (error) {
      return told(error)
    }
    expect(found.flatMap((batch) => batch.events.map(fieldsOf))).toEqual(expected)
    return true
  }
  const readAll = await right(store.read('all'), forwards!)
  let readStreams = await right(store.read('all', { direction: 'backwards' }), backwards!)
  for (const stream of streams) {
    const mine = forwards!.filter((event) => event.stream === stream)
    readStreams = (await right(store.read([{ streams: [stream] }]), mine)) && readStreams
  }
  await store.close()
  return { opened: true, all: readAll, streams: readStreams }
}
