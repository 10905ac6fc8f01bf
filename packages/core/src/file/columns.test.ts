// Replay columns through the public interface of the store: they give the same events as the log, and damaged columns are never used.
import { spawnSync } from 'node:child_process'
import { copyFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { draws, long } from '../../../../scripts/campaign.ts'
import type { NewEvent, RecordedEvent } from '../kernel/events.ts'
import { utf8 } from '../kernel/text.ts'
import { rebuildIndex } from '../log/maintenance/rebuild-index.ts'
import { logStats } from '../log/maintenance/stats.ts'
import { verifyLog } from '../log/maintenance/verify.ts'
import type { EventStore } from '../store/port.ts'
import { eventStoreContract } from '../testing/contract/event-store.ts'
import { fileStore } from './event-store.ts'
import { all, diskHere, fact, fieldsOf, observedDisk, openStore, temporaryDirectory } from './test-support.ts'

const types = ['A', 'B']
/** A background thread makes the columns, so a test has to wait for them. */
const patience = { timeout: 30_000 }

async function replayed(store: EventStore, options: { after?: number; to?: number } = {}): Promise<RecordedEvent[]> {
  const batches = await Array.fromAsync(store.replay(types, { after: 0, ...options }))
  return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, index) => batch.event(index)))
}

async function columnsIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.includes('.col')).sort()
}

/** Makes a log with these events in one sealed segment, and the columns of that segment. */
async function logOf(events: readonly NewEvent[]): Promise<string> {
  const dir = temporaryDirectory()
  const limits = { segmentEventsMax: events.length, columnsShareMax: 0 }
  const store = await fileStore({ dir, limits, disk: diskHere })
  await store.append({ events })
  await store.append({ events: [fact('last-1', 'A')] })
  await store.close()
  await rebuildIndex({ dir, disk: diskHere })
  expect(await columnsIn(dir)).toEqual(['00000001.col'])
  return dir
}

/** How many bytes of the log file itself are read while `run` runs. */
async function logBytesRead(dir: string, run: (store: EventStore) => Promise<void>): Promise<number> {
  let read = 0
  const counted = <Into extends Uint8Array>(path: string, into: Into) => {
    if (path.endsWith('00000001.log')) read += into.length
    return into
  }
  const disk = {
    ...diskHere,
    async open(path: string, mode: 'read' | 'write' | 'create') {
      const file = await diskHere.open(path, mode)
      return { ...file, read: (into: Uint8Array, at: number) => file.read(counted(path, into), at) }
    },
    openNow(path: string) {
      const file = diskHere.openNow(path)
      return { ...file, read: (into: Uint8Array, at: number) => file.read(counted(path, into), at) }
    },
  }
  const store = await fileStore({ dir, access: 'read', disk })
  read = 0
  await run(store)
  await store.close()
  return read
}

describe('a store that makes columns for every segment at once keeps the contract', () => {
  const limits = { segmentBytesMax: 2000, segmentEventsMax: 5, unindexedSegmentsMax: 1, openFilesMax: 3 }
  test.each(eventStoreContract)('$name', async ({ run }) => await run(await openStore({ limits, disk: diskHere })))
})

test('a segment of many small frames that is longer than one read gets correct columns', async () => {
  const dir = temporaryDirectory()
  const limits = { segmentEventsMax: 300 }
  const store = await openStore({ dir, limits })
  for (let n = 0; n <= 300; n++)
    await store.append({ events: [fact(`stream-${n % 7}`, types[n % 2], { n, text: `${n}`.repeat(700) })] })
  const files = async () => (await columnsIn(dir)).filter((name) => name.endsWith('.col'))
  await expect.poll(files, patience).toEqual(['00000001.col'])
  const expected = (await all(store)).map(fieldsOf)
  expect((await replayed(store)).map(fieldsOf)).toEqual(expected)
  await store.close()
  expect(await verifyLog({ dir })).toMatchObject({ columns: { checked: 1, missing: 0 } })
  await rm(join(dir, '00000001.col'))
  expect(await rebuildIndex({ dir })).toMatchObject({ segments: 1 })
  expect(await verifyLog({ dir })).toMatchObject({ columns: { checked: 1, missing: 0 } })
})

/** Every kind of text that a payload can be, also texts that JSON.stringify would never write. */
const jsonTexts = fc.oneof(
  { weight: 4, arbitrary: fc.json({ maxDepth: 4 }) },
  { weight: 2, arbitrary: fc.json({ stringUnit: 'binary', maxDepth: 2 }) },
  fc
    .record(
      {
        amount: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null)),
        currency: fc.constantFrom('EUR', 'USD'),
        'ü key': fc.string({ unit: 'grapheme' }),
        at: fc.record({ x: fc.integer({ min: -300, max: 300 }), y: fc.boolean() }, { requiredKeys: [] }),
        list: fc.array(fc.integer()),
      },
      { requiredKeys: ['amount'] },
    )
    .map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '-0',
    '{"a":-0,"b":0}',
    '{"a":[-0]}',
    '{"a":1e999,"b":-1e999}',
    '{"a":1.0,"a":2}',
    '{"__proto__":{"x":1},"a":1}',
    '{"a":{"__proto__":1}}',
    '{"a":[{"__proto__":1}]}',
    '{"constructor":1,"toString":2}',
    '{"2":1,"1":2,"a":3}',
    ' { "a" : 9007199254740993 } ',
    '{"a":"\\ud800"}',
    '{"\\ud800":1}',
    '{"a\\u2028\\"\\\\b":"\\u0000"}',
    '{}',
    '[]',
    'null',
    'true',
    '""',
    '{"a":null}',
    '{"a":{}}',
    `${'['.repeat(40)}${']'.repeat(40)}`,
    `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
    '{"a":4294967296,"b":-2147483648,"c":2147483647,"d":2147483648}',
  ),
)

const anyEvent: fc.Arbitrary<NewEvent> = fc
  .record({
    stream: fc.constantFrom('a-1', 'a-2', 'b-ü', 'c.d-1-2', 'a-😀'),
    type: fc.constantFrom('A', 'B', 'C'),
    text: jsonTexts,
    binary: fc.boolean(),
    metadata: fc.option(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }), { nil: undefined }),
    tags: fc.array(fc.constantFrom('x:1', 'ü', '"quoted"'), { maxLength: 3 }),
    validAt: fc.option(fc.constantFrom('1993-01-31', '2026-01-01T00:00:00Z'), { nil: undefined }),
    schemaVersion: fc.constantFrom(1, 1, 2, 65535),
  })
  .map(({ text, binary, metadata, validAt, ...event }) => ({
    ...event,
    ...(metadata === undefined ? {} : { metadata: utf8(JSON.stringify(metadata)) }),
    ...(validAt === undefined ? {} : { validAt }),
    data: utf8(text),
    contentType: binary && text.length % 3 === 0 ? 'image/png' : 'application/json',
  })) as fc.Arbitrary<NewEvent>

test('for any payload, a replay gives the same fields as a read, with columns and without', {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 60 }), async (events) => {
      const dir = await logOf(events)
      const stores = [
        await fileStore({ dir, access: 'read', disk: diskHere }),
        await fileStore({ dir, access: 'read', disk: diskHere, limits: { columnsShareMax: 0 } }),
      ]
      try {
        const expected = await all(stores[0]!, [{ types }])
        for (const store of stores) {
          const found = await replayed(store)
          expect(found.length).toBe(expected.length)
          found.forEach((event, index) => {
            const [fields, others] = [fieldsOf(event), fieldsOf(expected[index]!)]
            // Neither -0 nor the order of keys may differ.
            expect(fields).toStrictEqual(others)
            expect(JSON.stringify(fields.data)).toBe(JSON.stringify(others.data))
          })
        }
      } finally {
        for (const store of stores) await store.close()
        await rm(dir, { recursive: true })
      }
    }),
    { numRuns: long ? 3000 : 50 },
  )
})

test('columns of every number width, with nulls and with more shapes than the columns have room for, read back correctly', async () => {
  const ranges = [200, -100, 60_000, -30_000, 2 ** 31 - 1, 2 ** 40, 1.5]
  const events = Array.from({ length: 2000 }, (_, n) => {
    const numbers = Object.fromEntries(ranges.map((range, at) => [`n${at}`, n % 7 === at ? null : range - (n % 50)]))
    const optional = n % 3 === 0 ? { [`key${n % 60}`]: n } : {}
    const texts = {
      same: 'EUR',
      few: `f${n % 9}`,
      many: `text ${n}`,
      wide: n % 2 === 0 ? `€${n}` : null,
      flag: n % 2 === 0,
    }
    return fact(`s-${n % 40}`, types[n % 2], { ...numbers, ...texts, ...optional })
  })
  const dir = await logOf(events)
  const store = await openStore({ dir, access: 'read' })
  expect((await replayed(store)).map(fieldsOf)).toEqual((await all(store, [{ types }])).map(fieldsOf))
})

test('more than 256 types, texts and streams read back correctly', async () => {
  const dir = await logOf(
    Array.from({ length: 3000 }, (_, n) => fact(`s-${n % 1000}`, `T${n % 700}`, { n, text: `text ${n % 900}` })),
  )
  const store = await openStore({ dir, access: 'read' })
  const asked = Array.from({ length: 700 }, (_, n) => `T${n}`)
  const batches = await Array.fromAsync(store.replay(asked, { after: 0, to: 3000 }))
  const found = batches.flatMap((batch) => Array.from({ length: batch.length }, (_, index) => batch.event(index)))
  expect(found.map(fieldsOf)).toEqual((await all(store, [{ types: asked }])).map(fieldsOf))
})

test('a fold reads the columns and not the log, and reads only the columns that it needs', async () => {
  const dir = await logOf(
    Array.from({ length: 5000 }, (_, n) => fact(`s-${n % 100}`, types[n % 2], { n, text: `t${n}` })),
  )
  const read = await logBytesRead(dir, async (store) => {
    let sum = 0
    for await (const batch of store.replay(['A'], { after: 0, to: 5000 })) {
      for (let index = 0; index < batch.length; index++) sum += (batch.event(index).data as { n: number }).n
      expect(batch.streamCount).toBe(50)
    }
    expect(sum).toBe(2500 * 2499)
  })
  expect(read).toBe(0)
  const withBytes = await logBytesRead(dir, async (store) => {
    const [event] = await replayed(store, { to: 5000 })
    expect(new TextDecoder().decode(event!.dataBytes)).toBe('{"n":0,"text":"t0"}')
  })
  expect(withBytes).toBeGreaterThan(0)
})

test('a replay reads the log where there are no columns or columns are switched off', async () => {
  const dir = await logOf(Array.from({ length: 3000 }, (_, n) => fact(`s-${n % 100}`, types[n % 2], { n })))
  const off = await openStore({ dir, access: 'read', limits: { columnsShareMax: 0 } })
  const on = await openStore({ dir, access: 'read' })
  expect((await replayed(off)).map(fieldsOf)).toEqual((await replayed(on)).map(fieldsOf))
  for (const [after, to] of [
    [0, 1],
    [17, 2999],
    [2998, 3001],
  ] as const) {
    expect((await replayed(off, { after, to })).map(fieldsOf)).toEqual(
      (await replayed(on, { after, to })).map(fieldsOf),
    )
  }
})

test('events that the caller kept can be read after the store is closed and the columns are deleted', async () => {
  const dir = await logOf(
    Array.from({ length: 100 }, (_, n) => ({ ...fact(`s-${n % 9}`, 'A', { n }), tags: [`t:${n}`] })),
  )
  const store = await fileStore({ dir, access: 'read' })
  const expected = (await all(store, [{ types }])).map(fieldsOf)
  const kept = await replayed(store)
  await store.close()
  await rm(join(dir, '00000001.col'))
  expect(kept.map(fieldsOf)).toEqual(expected)
})

test('a replay finds in the log what the columns lack, even when the index was damaged meanwhile', async () => {
  const events = Array.from({ length: 3_000 }, (_, n) => fact(`a-${n}`, types[n % 2], { n }))
  const dir = await logOf(events)
  const store = await openStore({ dir, access: 'read', limits: { indexCacheBytesMax: 0 } })
  const kept = await replayed(store)
  const index = join(dir, '00000001.idx')
  await writeFile(index, (await readFile(index)).fill(0, 4096))
  for (const [n, event] of kept.slice(0, 50).entries()) {
    expect(Buffer.from(event.dataBytes).toString()).toBe(JSON.stringify(events[n]!.data))
    expect(JSON.parse(JSON.stringify(event))).toMatchObject({ position: n + 1, data: { n } })
  }
})

test('a columns file with any byte changed, or cut to any length, never changes what a replay gives', async () => {
  const events = Array.from({ length: 20 }, (_, n) => {
    const data = {
      amount: n * 1000,
      currency: n % 2 === 0 ? 'EUR' : 'USD',
      note: `ü${n}`,
      ok: n % 3 === 0 ? null : true,
    }
    return { ...fact(`s-${n % 7}`, types[n % 2], data), tags: [`n:${n % 3}`], metadata: { actor: `a${n}` } }
  })
  const dir = await logOf(events)
  const path = join(dir, '00000001.col')
  const whole = await readFile(path)
  // A replay opens the file each time.
  const store = await openStore({ dir, access: 'read', disk: diskHere })
  const expected = (await all(store, [{ types }])).map(fieldsOf)
  const check = async (bytes: Buffer, context: string) => {
    await writeFile(path, bytes)
    expect((await replayed(store)).map(fieldsOf), context).toEqual(expected)
  }
  await check(whole, 'whole')
  const step = long ? 1 : 3
  for (let at = draws()(step); at < whole.length; at += step) {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 1 << (at % 8)
    await check(bytes, `byte ${at}`)
  }
  for (let length = 0; length < whole.length; length += 7 * step)
    await check(whole.subarray(0, length), `cut to ${length}`)
  await check(Buffer.concat([whole, Buffer.alloc(8)]), 'longer')
}, 120_000)

test('a writer remakes columns that are missing, cut, from another log or damaged, byte for byte as before', async () => {
  const dir = await logOf(Array.from({ length: 200 }, (_, n) => fact(`s-${n % 9}`, 'A', { n })))
  const other = await logOf(Array.from({ length: 200 }, (_, n) => fact(`s-${n % 9}`, 'A', { n: n + 1 })))
  const path = join(dir, '00000001.col')
  const whole = await readFile(path)
  const inside = Buffer.from(whole)
  inside[whole.length - 3000]! ^= 1
  for (const spoil of [
    () => rm(path),
    () => truncate(path, whole.length - 1),
    () => copyFile(join(other, '00000001.col'), path),
    () => writeFile(path, 'no columns'),
    () => writeFile(path, inside),
  ]) {
    await spoil()
    const store = await fileStore({ dir })
    expect((await replayed(store)).map(({ data }) => data)).toHaveLength(201)
    // Damage inside the file is found only when somebody reads that part.
    for (const event of await replayed(store)) fieldsOf(event)
    await expect.poll(async () => whole.equals(await readFile(path).catch(() => Buffer.alloc(0))), patience).toBe(true)
    await store.close()
    expect(await columnsIn(dir)).toEqual(['00000001.col'])
  }
})

test('sealed segments get columns in the background, and another process uses them', async () => {
  const dir = temporaryDirectory()
  const store = await openStore({ dir, limits: { segmentEventsMax: 100 } })
  for (let n = 0; n < 35; n++) {
    await store.append({ events: Array.from({ length: 10 }, (_, at) => fact(`s-${at}`, 'A', { n, at })) })
  }
  await expect.poll(() => columnsIn(dir), patience).toEqual(['00000001.col', '00000002.col', '00000003.col'])
  expect(await verifyLog({ dir })).toMatchObject({ events: 350, columns: { checked: 3, missing: 0 } })
  expect(await logStats({ dir })).toMatchObject({ columns: { count: 3, bytes: expect.any(Number) } })
  const reader = await openStore({ dir, access: 'read' })
  const batches = await Array.fromAsync(reader.replay(['A'], { after: 0 }))
  expect(batches.map(({ through, streamCount }) => [through, streamCount])).toEqual([
    [100, 10],
    [200, 10],
    [300, 10],
    [350, 50],
  ])
})

test('when the disk is too full to write columns, appends and replays still work', async () => {
  const dir = temporaryDirectory()
  const disk = observedDisk({
    before({ file, call }) {
      if (file.includes('.col') && call === 'write') throw Object.assign(new Error('full'), { code: 'store_full' })
    },
  })
  const store = await openStore({ dir, disk, limits: { segmentEventsMax: 10, unindexedEventsMax: 0 } })
  for (let n = 0; n < 35; n++) await store.append({ events: [fact('s-1', 'A', { n })] })
  expect(await replayed(store)).toHaveLength(35)
  await store.close()
  expect(await columnsIn(dir)).toEqual([])
  expect(await replayed(await openStore({ dir, disk }))).toHaveLength(35)
})

test('verify names the file and the byte of damaged columns, and index makes them again', async () => {
  const dir = await logOf(Array.from({ length: 50 }, (_, n) => fact('s-1', 'A', { n })))
  const path = join(dir, '00000001.col')
  const whole = await readFile(path)
  const { size } = await stat(path)
  for (const at of [0, 70, size - 1]) {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 4
    await writeFile(path, bytes)
    await expect(verifyLog({ dir })).rejects.toMatchObject({
      code: 'index_damaged',
      details: { file: '00000001.col', offset: at, segment: 1 },
    })
  }
  await rm(path)
  expect(await verifyLog({ dir })).toMatchObject({ columns: { checked: 0, missing: 1 } })
  await rebuildIndex({ dir })
  expect((await readFile(path)).equals(whole)).toBe(true)
})

test('columns are read without generated code where the process forbids it', async () => {
  const dir = await logOf(Array.from({ length: 100 }, (_, n) => fact('s-1', 'A', { n, deep: { text: `t${n}` } })))
  const program = `
    import { fileStore } from 'indelible/file'
    const store = await fileStore({ dir: ${JSON.stringify(dir)}, access: 'read' })
    for await (const batch of store.replay(['A'], { after: 0 }))
      if (batch.length > 50) console.log(batch.streamCount, JSON.stringify(batch.event(7).data))
    await store.close()`
  const flags = [
    '--conditions=@indelible/source',
    '--disallow-code-generation-from-strings',
    '--input-type=module',
    '-e',
    program,
  ]
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8', cwd: import.meta.dirname })
  expect(`${stdout}${stderr}`).toBe('1 {"n":7,"deep":{"text":"t7"}}\n')
})
