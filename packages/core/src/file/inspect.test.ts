import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodeEvent } from '../kernel/encoding.ts'
import { FrameEncoder } from '../log/frame-encoder.ts'
import { fileStore } from './event-store.ts'
import { logStats, verifyLog } from './inspect.ts'
import { fact, openStore, segmentsIn, temporaryDirectory } from './test-support.ts'

let now = 0
const clock = { now: () => ++now * 1000 }

async function writtenLog({ close }: { close: boolean }): Promise<string> {
  const dir = temporaryDirectory()
  now = 0
  const store = await openStore({ dir, clock, limits: { segmentBytesMax: 700 } })
  await store.append({ events: [fact('a-1', 'Opened'), fact('a-2', 'Opened')] })
  for (let n = 0; n < 8; n++) await store.append({ events: [fact('a-1', 'Moved', { n })] })
  if (close) await store.close()
  return dir
}

test.each([true, false])('a whole log is found whole and counted (closed: %s)', async (close) => {
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

test('an empty log is whole, and a missing one is missing', async () => {
  const dir = temporaryDirectory()
  await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'store_missing' })
  await expect(logStats({ dir })).rejects.toMatchObject({ code: 'store_missing' })
  await (await fileStore({ dir })).close()
  expect(await verifyLog({ dir })).toMatchObject({ segments: 1, events: 0, head: 0, recordedAt: null })
  expect(await logStats({ dir })).toMatchObject({ events: 0, streams: 0, eventTypes: [], firstRecordedAt: null })
})

test('progress grows up to the whole', async () => {
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
    for (let n = 0; writing; n++) await store.append({ events: [fact('a-1', 'Moved', { n })] })
  })()
  let events = 0
  for (let n = 0; n < 30; n++) {
    const found = await verifyLog({ dir })
    expect(found.events).toBeGreaterThanOrEqual(events)
    events = found.events
  }
  writing = false
  await writer
  expect(await verifyLog({ dir })).toMatchObject({ events: (await store.head()).position })
})

test.each([
  ['a version that does not follow', { version: 5, recordedAtMs: 10_000, position: 11 }],
  ['a time that goes back', { version: 10, recordedAtMs: 1, position: 11 }],
  ['a position that does not follow', { version: 10, recordedAtMs: 10_000, position: 12 }],
])('%s is found though every checksum is right', async (_, { version, recordedAtMs, position }) => {
  const dir = await writtenLog({ close: true })
  const file = (await segmentsIn(dir)).at(-1)!
  const end = (await logStats({ dir })).segments.at(-1)!.bytes
  const frame = new FrameEncoder(1000)
  const events = [{ ...encodeEvent(fact('a-1')), id: 'id-1' }]
  frame.add({ commandId: undefined, recordedAtMs, events, versions: [version] })
  const bytes = frame.finish({ segment: Number.parseInt(file, 10), offset: end }, position)
  const handle = await open(join(dir, file), 'r+')
  await handle.write(bytes, 0, bytes.length, end)
  await handle.close()
  await expect(verifyLog({ dir })).rejects.toMatchObject({ code: 'log_corrupt', details: { file, offset: end } })
})

test('files that are no segments do not matter', async () => {
  const dir = await writtenLog({ close: true })
  await writeFile(join(dir, 'notes.txt'), 'mine')
  await writeFile(join(dir, '00000009.log.new'), 'left by a roll that did not finish')
  expect(await verifyLog({ dir })).toMatchObject({ events: 10 })
  expect((await (await openStore({ dir })).head()).position).toBe(10)
})
