import { describe, expect, test } from 'vitest'
import { IndelibleError } from '../kernel/errors.ts'
import type { IdGenerator } from '../kernel/ids.ts'
import { utf8 } from '../kernel/text.ts'
import type { Clock } from '../kernel/time.ts'
import { type Disk, nodeDisk } from '../log/disk/disk.ts'
import { logStats } from '../log/maintenance/stats.ts'
import { memoryStore } from '../memory/event-store.ts'
import type { EventStore } from '../store/port.ts'
import { eventStoreContract } from '../testing/contract/event-store.ts'
import { fileStore } from './event-store.ts'
import {
  all,
  allFields,
  copyOfLog,
  fact,
  observedDisk,
  openStore,
  segmentsIn,
  temporaryDirectory,
} from './test-support.ts'

describe('the file store keeps the contract', () => {
  test.each(eventStoreContract)('$name', async ({ run }) => await run(await openStore()))
})

describe('the file store keeps the contract with small segments and groups', () => {
  const limits = {
    segmentBytesMax: 2000,
    segmentEventsMax: 20,
    reserveBytes: 500,
    queuedBytesMax: 300,
    readBytesMax: 64,
    frameCacheBytesMax: 1000,
    recordCacheBytesMax: 1000,
    indexCacheBytesMax: 8192,
    streamCacheBytesMax: 1000,
    unindexedEventsMax: 3,
    openFilesMax: 2,
  }
  test.each(eventStoreContract)('$name', async ({ run }) => await run(await openStore({ limits })))
})

test('after a reopen every event is there byte for byte, and positions continue without a gap', async () => {
  const dir = temporaryDirectory()
  const store = await openStore({ dir })
  await store.append({
    commandId: 'c-ü',
    events: [
      { ...fact('thing-ü😀', 'Happened', { a: 'ü' }), tags: ['x:1', 'ü'], validAt: '1993-01-01', schemaVersion: 65535 },
      { stream: 'thing-1', type: 'Raw', data: Uint8Array.from({ length: 256 }, (_, byte) => byte) },
      { stream: 'thing-1', type: 'Empty', data: new Uint8Array(0), contentType: 'image/png' },
      { ...fact('thing-1'), data: utf8('{ "a" : 1.0 }'), contentType: 'application/json', metadata: utf8('{"b":1 }') },
      { ...fact('thing-1'), metadata: { actor: 'ann' }, id: '00000000-0000-7000-8000-000000000001' },
    ],
  })
  for (let n = 0; n < 20; n++) await store.append({ events: [fact(`other-${n % 3}`, 'Counted', { n })] })
  const before = await allFields(store)
  const head = await store.head()
  await store.close()

  for (const access of ['read', 'write'] as const) {
    const again = await openStore({ dir, access })
    expect(await allFields(again)).toEqual(before)
    expect(await again.head()).toEqual(head)
    await again.close()
  }
  const again = await openStore({ dir })
  expect(await again.append({ events: [fact('other-0')] })).toMatchObject({
    firstPosition: 26,
    versions: { 'other-0': 8 },
  })
})

test.each(['closed', 'killed'])(
  'command ids, versions and conditions still hold after the process was %s',
  async (end) => {
    const dir = temporaryDirectory()
    const store = await openStore({ dir })
    const commit = { events: [fact('thing-1'), fact('thing-2')], commandId: 'c-1' }
    const first = await store.append(commit)
    await store.append({ events: [{ ...fact('thing-1', 'Booked'), tags: ['seat:1'] }] })
    if (end === 'closed') await store.close()

    const again = await openStore({ dir: end === 'closed' ? dir : await copyOfLog(dir) })
    expect(await again.append(commit)).toEqual({ ...first, status: 'duplicate' })
    const { status: _, ...written } = first
    expect(await again.findCommit('c-1')).toEqual(written)
    expect(await again.append({ events: [fact('thing-1')], expected: { 'thing-1': 1 } })).toMatchObject({
      conflict: { actual: 2 },
    })
    const failIfEventsMatch = [{ tags: ['seat:1'] }]
    expect(await again.append({ events: [fact('thing-3')], condition: { failIfEventsMatch } })).toMatchObject({
      conflict: { matchedPosition: 3 },
    })
    expect(await again.append({ events: [fact('thing-3')], condition: { failIfEventsMatch, after: 3 } })).toMatchObject(
      {
        status: 'written',
        firstPosition: 4,
      },
    )
  },
)

test('the recording time does not go back after a reopen', async () => {
  const dir = temporaryDirectory()
  const store = await openStore({ dir, clock: { now: () => 5000 } })
  await store.append({ events: [fact('thing-1')] })
  await store.close()
  const again = await openStore({ dir, clock: { now: () => 3000 } })
  expect(await again.append({ events: [fact('thing-1')] })).toMatchObject({ recordedAt: '1970-01-01T00:00:05.000Z' })
})

test('the log rolls over many small segments, and takes frames that are longer than a segment', async () => {
  const dir = temporaryDirectory()
  const limits = { segmentBytesMax: 600, reserveBytes: 200 }
  const store = await openStore({ dir, limits })
  const texts = Array.from({ length: 120 }, (_, n) => 'x'.repeat(n % 7 === 0 ? n * 20 : n))
  for (const text of texts) await store.append({ events: [fact('thing-1', 'Happened', { text })] })
  expect((await all(store)).map(({ data }) => (data as { text: string }).text)).toEqual(texts)
  await store.close()
  expect((await segmentsIn(dir)).length).toBeGreaterThan(40)

  const again = await openStore({ dir, limits })
  expect((await all(again)).map(({ data }) => (data as { text: string }).text)).toEqual(texts)
  const backwards = await Array.fromAsync(again.read('all', { direction: 'backwards', limit: 3 }))
  expect(backwards.flatMap(({ events }) => events.map(({ position }) => position))).toEqual([120, 119, 118])
})

test('closing waits for appends in progress, and all of them are in the log afterwards', async () => {
  const dir = temporaryDirectory()
  const store = await openStore({ dir, limits: { queuedAppendsMax: 3 } })
  const appends = Array.from({ length: 20 }, (_, n) => store.append({ events: [fact(`thing-${n}`)] }))
  await store.close()
  expect((await Promise.all(appends)).map(({ status }) => status)).toEqual(Array(20).fill('written'))
  expect(await all(await openStore({ dir }))).toHaveLength(20)
})

test('opening and closing without an append adds nothing to the log', async () => {
  const dir = temporaryDirectory()
  const sizes: unknown[] = []
  for (let n = 0; n < 3; n++) {
    const store = await fileStore({ dir })
    if (n === 0) await store.append({ events: [fact('thing-1')] })
    await store.close()
    sizes.push((await logStats({ dir })).bytes)
  }
  expect(sizes).toEqual([sizes[0], sizes[0], sizes[0]])
})

describe('calls that are answered without waiting still let appends and timers run', () => {
  const conflict = { events: [fact('thing-1')], expected: { 'thing-1': 'none' as const } }
  const acts: Record<string, (store: EventStore) => Promise<unknown>> = {
    'reads of a stream': (store) => all(store, [{ streams: ['thing-1'] }]),
    'reads that find nothing': (store) => Array.fromAsync(store.read('all', { from: 100 })),
    'reads of the end': (store) => Array.fromAsync(store.read('all', { from: 2 })),
    heads: (store) => store.head(),
    'questions for health': (store) => store.health(),
    'searches for commands': (store) => store.findCommit('none'),
    'refused appends': (store) => store.append(conflict).catch(() => {}),
    'appends of bad form': (store) => store.append({ events: [] }).catch(() => {}),
  }
  const doors = ['write', 'read'] as const
  test.each(Object.keys(acts).flatMap((name) => doors.map((access) => ({ name, access }))))(
    '$name, of a store opened to $access',
    async ({ name, access }) => {
      const dir = temporaryDirectory()
      const store = await openStore({ dir })
      await store.append({ events: [fact('thing-1'), fact('thing-1')] })
      const asked = access === 'write' ? store : await openStore({ dir, access })
      const actsMax = 300_000
      let done = 0
      let acting = true
      const actors = Array.from({ length: 8 }, async () => {
        while (acting && done++ < actsMax) await acts[name]!(asked)
      })
      await new Promise((resolve) => setTimeout(resolve, 5))
      await store.append({ events: [fact('thing-2')] })
      acting = false
      await Promise.all(actors)
      expect(done).toBeLessThan(actsMax)
    },
  )

  test('appends run even when the queue is always full', async () => {
    const store = await openStore({ limits: { queuedAppendsMax: 2 } })
    const appendsMax = 50_000
    let appends = 0
    let appending = true
    const clients = Array.from({ length: 16 }, async (_, client) => {
      while (appending && appends++ < appendsMax) await store.append({ events: [fact(`thing-${client}`)] })
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    appending = false
    await Promise.all(clients)
    expect(appends).toBeLessThan(appendsMax)
  })
})

describe.each([
  ['memory', async (given: { clock?: Clock; ids?: IdGenerator }) => memoryStore(given)],
  ['file', async (given: { clock?: Clock; ids?: IdGenerator }) => await openStore(given)],
])('a %s store whose clock or ids fail', (_name, open) => {
  const thrown = new Error('once')
  const fails = () => {
    throw thrown
  }
  test.each<[string, { now?: () => number; id?: () => string; ofEvent?: number }, object]>([
    ['a clock that throws', { now: fails }, thrown],
    ['a clock that says nothing', { now: () => Number.NaN }, { code: 'invalid_time' }],
    ['a clock that is before 1970', { now: () => -1 }, { code: 'invalid_time' }],
    ['a clock that is far ahead', { now: () => 1e18 }, { code: 'invalid_time' }],
    ['ids that throw', { id: fails }, thrown],
    ['ids that throw for the second event', { id: fails, ofEvent: 2 }, thrown],
    ['ids that are none', { id: () => 'nope' }, { code: 'invalid_event' }],
  ])('refuses that commit and no other: %s', async (_case, { now, id, ofEvent = 1 }, error) => {
    let asked = 0
    let bad = false
    const store = await open({
      clock: { now: () => (bad && now ? now() : Date.now()) },
      ids: () => (bad && id && ++asked === ofEvent ? id() : crypto.randomUUID()),
    })
    const commit = (commandId: string) => ({ events: [fact('thing-1'), fact('thing-2')], commandId })
    await store.append(commit('c-1'))
    bad = true
    await expect(store.append(commit('c-2'))).rejects.toMatchObject(error)
    bad = false
    expect(await store.append(commit('c-2'))).toMatchObject({ status: 'written', firstPosition: 3 })
    expect((await all(store)).map(({ position, version }) => [position, version])).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
    ])
  })
})

test('a log opens again after a commit that could not be encoded', async () => {
  const dir = temporaryDirectory()
  let bad = false
  const ids = () => (bad ? 'nope' : crypto.randomUUID())
  const store = await openStore({ dir, ids })
  const good = store.append({ events: [fact('thing-1')] })
  bad = true
  await expect(store.append({ events: [fact('thing-1')] })).rejects.toMatchObject({ code: 'invalid_event' })
  bad = false
  await Promise.all([good, store.append({ events: [fact('thing-1')] })])
  await store.close()
  expect(await all(await openStore({ dir }))).toMatchObject([{ version: 1 }, { version: 2 }])
})

test('the store closes files when the process may not open more', async () => {
  const dir = temporaryDirectory()
  const store = await openStore({ dir, limits: { segmentEventsMax: 3, unindexedSegmentsMax: 1 } })
  for (let n = 0; n < 40; n++) await store.append({ events: [fact(`thing-${n % 5}`)] })
  await store.close()
  let open = 0
  const disk: Disk = {
    ...nodeDisk,
    openNow(path) {
      if (open >= 4) throw new IndelibleError('io_failed', 'Too many.', { cause: { code: 'EMFILE' } })
      const file = nodeDisk.openNow(path)
      open++
      const close = () => {
        open--
        file.close()
      }
      return { ...file, close }
    },
  }
  const reader = await openStore({ dir, disk, access: 'read' })
  for (let n = 0; n < 5; n++) expect(await all(reader, [{ streams: [`thing-${n}`] }])).toHaveLength(8)
  await reader.close()
  expect(open).toBe(0)
})

test('opening a log that was closed in order and has all its indexes makes no index', async () => {
  const dir = temporaryDirectory()
  const limits = { segmentEventsMax: 5 }
  const store = await openStore({ dir, limits })
  for (let n = 0; n < 12; n++) await store.append({ events: [fact('thing-1')] })
  await store.close()
  const made: string[] = []
  const disk = observedDisk({ before: ({ call, file }) => void (call === 'open' && made.push(file)) })
  const again = await openStore({ dir, limits, disk })
  await again.close()
  expect(made.filter((file) => file.includes('.idx'))).toEqual([])
})
