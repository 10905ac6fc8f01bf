// docs/log-format.md specifies the format. The reader in this file was written from that page alone: it imports nothing of the engine, and must stay so.
// Where it and the engine disagree, the reader, the engine or the page is wrong.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fileStore } from '../../file/event-store.ts'

const startMs = Date.UTC(2026, 10, 23)
const id = (n: number) => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`

const dir = mkdtempSync(join(tmpdir(), 'indelible-'))
afterAll(() => rmSync(dir, { recursive: true }))
const files = new Map<string, Buffer>()
let log: DecodedLog

/** Two segments: the first is sealed and indexed completely; the second was closed twice, and its index covers what it had at the first close. */
beforeAll(async () => {
  let [times, ids] = [0, 0]
  const clock = { now: () => startMs + 1000 * times++ }
  const options = { dir, clock, ids: () => id(++ids), limits: { segmentEventsMax: 5, unindexedEventsMax: 0 } }
  let store = await fileStore(options)
  await store.append({ events: [{ stream: 'plain-1', type: 'Plain', data: { n: 1 } }] })
  await store.append({
    commandId: 'befehl-ü',
    events: [
      {
        stream: 'transfer-送金/🚀',
        type: 'Gesendet 🚀',
        data: 'ä',
        tags: ['über', 'b', 'über'],
      },
      { stream: 'plain-1', type: 'Plain', schemaVersion: 7, data: Uint8Array.of(0, 255, 70), validAt: '2020-01-31' },
      {
        stream: 'plain-2',
        type: 'Plain',
        contentType: 'text/x; a=1',
        data: Buffer.from('x'),
        validAt: '2020-01-31T10:00:00+02:00',
      },
    ],
  })
  const metadata = { correlationId: 'vorgang 送', actor: 'ann' }
  await store.append({ events: [{ stream: 'plain-1', type: 'Plain', data: null, metadata }], commandId: 'again' })
  await store.append({ events: [{ stream: 'plain-2', type: 'Other', data: [], metadata: { correlationId: '' } }] })
  await store.close()
  store = await fileStore({ ...options, limits: { segmentEventsMax: 5, unindexedEventsMax: 100 } })
  await store.append({ events: [{ stream: 'plain-3', type: 'Other', data: {}, tags: ['b'] }] })
  await store.close()
  for (const name of readdirSync(dir).filter((name) => /\.(log|idx)$/.test(name))) {
    files.set(name, readFileSync(join(dir, name)))
  }
  log = decodeLog(files)
})

test('the log consists of the specified files', () => {
  expect([...files.keys()].sort()).toEqual(['00000001.idx', '00000001.log', '00000002.idx', '00000002.log'])
})

test('frames and marks match the specification', () => {
  const { segments } = log
  expect(segments.map(({ header }) => header)).toMatchObject([
    { format: 2, segment: 1, firstPosition: 1 },
    { format: 2, segment: 2, firstPosition: 6, logId: segments[0]!.header.logId },
  ])
  expect(segments[0]!.frames.map(({ kind, events }) => [kind, events])).toEqual([
    ['FRME', 1],
    ['FRME', 3],
    ['FRME', 1],
    ['SEAL', 0],
  ])
  expect(segments[1]!.frames.map(({ kind, firstPosition }) => [kind, firstPosition])).toEqual([
    ['FRME', 6],
    ['CLSD', 7],
    ['FRME', 7],
    ['CLSD', 8],
  ])
})

test('records match the specification', () => {
  const json = 'application/json'
  const plain = {
    stream: 'plain-1',
    type: 'Plain',
    contentType: json,
    metadata: '',
    tags: [],
    schemaVersion: 1,
    validAt: undefined,
  }
  const alone = { ...plain, commitIndex: 0, commitEvents: 1, commandId: '' }
  const bytes = (data: string) => Buffer.from(data)
  expect(log.records).toEqual([
    { ...alone, position: 1, version: 1, id: id(1), recordedAtMs: expect.any(Number), data: bytes('{"n":1}') },
    {
      ...plain,
      ...{ stream: 'transfer-送金/🚀', type: 'Gesendet 🚀', tags: ['über', 'b', 'über'], commandId: 'befehl-ü' },
      ...{ commitIndex: 0, commitEvents: 3, position: 2, version: 1, id: id(2) },
      ...{ recordedAtMs: expect.any(Number), data: bytes('"ä"') },
    },
    {
      ...plain,
      ...{ commitIndex: 1, commitEvents: 3, commandId: '', position: 3, version: 2, id: id(3) },
      ...{ schemaVersion: 7, contentType: 'application/octet-stream', validAt: '2020-01-31' },
      ...{ recordedAtMs: expect.any(Number), data: Buffer.of(0, 255, 70) },
    },
    {
      ...plain,
      ...{ stream: 'plain-2', commitIndex: 2, commitEvents: 3, commandId: '', position: 4, version: 1, id: id(4) },
      ...{ contentType: 'text/x; a=1', validAt: '2020-01-31T10:00:00+02:00' },
      ...{ recordedAtMs: expect.any(Number), data: bytes('x') },
    },
    {
      ...alone,
      ...{
        commandId: 'again',
        position: 5,
        version: 3,
        id: id(5),
        metadata: '{"correlationId":"vorgang 送","actor":"ann"}',
      },
      ...{ recordedAtMs: expect.any(Number), data: bytes('null') },
    },
    {
      ...alone,
      ...{ stream: 'plain-2', type: 'Other', position: 6, version: 2, id: id(6), metadata: '{"correlationId":""}' },
      ...{ recordedAtMs: expect.any(Number), data: bytes('[]') },
    },
    {
      ...alone,
      ...{ stream: 'plain-3', type: 'Other', tags: ['b'], position: 7, version: 1, id: id(7) },
      ...{ recordedAtMs: expect.any(Number), data: bytes('{}') },
    },
  ])
  const times = log.records.map(({ recordedAtMs }) => recordedAtMs)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(new Set(times.slice(1, 4)).size).toBe(1)
  for (const ms of times) expect((ms - startMs) % 1000).toBe(0)
})

describe('the index', () => {
  test('of a sealed segment matches the specification', () => {
    const index = decodeIndex(files.get('00000001.idx')!)
    const { header: segment, frames, records } = log.segments[0]!
    expect(index.header).toMatchObject({
      ...{ format: 1, segment: 1, logId: segment.logId, firstPosition: 1, events: 5, commits: 3, terms: 12 },
      ...{ logEnd: frames[2]!.end, lastRecordedAtMs: records[4]!.recordedAtMs },
    })
    expect(index.entries.toSorted((a, b) => a.kind - b.kind || (a.text < b.text ? -1 : 1))).toEqual(
      [
        { kind: 1, text: 'plain-1', firstVersion: 1, events: [0, 2, 4] },
        { kind: 1, text: 'plain-2', firstVersion: 1, events: [3] },
        { kind: 1, text: 'transfer-送金/🚀', firstVersion: 1, events: [1] },
        { kind: 2, text: 'plain', events: [0, 2, 3, 4] },
        { kind: 2, text: 'transfer', events: [1] },
        { kind: 3, text: 'Gesendet 🚀', events: [1] },
        { kind: 3, text: 'Plain', events: [0, 2, 3, 4] },
        { kind: 4, text: 'b', events: [1] },
        { kind: 4, text: 'über', events: [1] },
        { kind: 5, text: 'vorgang 送', events: [4] },
        { kind: 6, text: 'again', events: [4] },
        { kind: 6, text: 'befehl-ü', events: [1] },
      ].toSorted((a, b) => a.kind - b.kind || (a.text < b.text ? -1 : 1)),
    )
    expect(index.places).toEqual(records.map(({ at, crc }) => ({ at, crc })))
  })

  test('of a segment that got more events later is correct for the earlier ones', () => {
    const index = decodeIndex(files.get('00000002.idx')!)
    const { frames, records } = log.segments[1]!
    expect(index.header).toMatchObject({ segment: 2, firstPosition: 6, events: 1, commits: 1, logEnd: frames[0]!.end })
    expect(index.entries).toContainEqual({ kind: 1, text: 'plain-2', firstVersion: 2, events: [0] })
    expect(index.entries.filter(({ kind }) => kind === 5)).toEqual([])
    expect(index.places).toEqual([{ at: records[0]!.at, crc: records[0]!.crc }])
  })

  test('lists the events of reserved streams under two categories', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'indelible-'))
    const store = await fileStore({ dir, limits: { unindexedEventsMax: 0 } })
    const own = { stream: '$own-1', type: '$Done', data: {} } as const
    await store.append({ events: [own, { stream: 'plain-1', type: 'Plain', data: {} }, own] }, { reserved: true })
    await store.close()
    const { entries } = decodeIndex(readFileSync(join(dir, '00000001.idx')))
    rmSync(dir, { recursive: true })
    expect(entries.filter(({ kind }) => kind === 2).toSorted((a, b) => (a.text < b.text ? -1 : 1))).toEqual([
      { kind: 2, text: '$', events: [0, 2] },
      { kind: 2, text: '$own', events: [0, 2] },
      { kind: 2, text: 'plain', events: [1] },
    ])
  })
})

// ── The reader, written from the page alone ──────────────────────────────────────────────────────────────────────────

interface SegmentHeader {
  readonly format: number
  readonly segment: number
  readonly firstPosition: number
  readonly logId: string
}

interface DecodedFrame {
  readonly kind: string
  readonly events: number
  readonly firstPosition: number
  readonly end: number
}

interface DecodedLog {
  readonly segments: readonly (ReturnType<typeof decodeSegment> & { header: SegmentHeader })[]
  readonly records: readonly Omit<DecodedRecord, 'at' | 'crc'>[]
}

type DecodedRecord = ReturnType<typeof decodeRecord>

function decodeLog(files: ReadonlyMap<string, Buffer>): DecodedLog {
  const names = [...files.keys()].filter((name) => name.endsWith('.log')).sort()
  const segments = names.map((name) => decodeSegment(files.get(name)!))
  const records = segments.flatMap(({ records }) => records).map(({ at: _, crc: __, ...record }) => record)
  return { segments, records }
}

function decodeSegment(file: Buffer) {
  expect(file.toString('latin1', 0, 8)).toBe('INDELLOG')
  expect(file.readUInt32LE(60)).toBe(crc32(file.subarray(0, 60)))
  expect(file.subarray(40, 60)).toEqual(Buffer.alloc(20))
  const header: SegmentHeader = {
    format: file.readUInt32LE(8),
    segment: file.readUInt32LE(12),
    firstPosition: Number(file.readBigUInt64LE(16)),
    logId: uuid(file, 24),
  }
  const frames: DecodedFrame[] = []
  const records: DecodedRecord[] = []
  let at = 64
  for (; at < file.length && file.readUInt32LE(at) !== 0; at = frames.at(-1)!.end) {
    const length = 24 + file.readUInt32LE(at + 8)
    expect([at % 8, length % 8]).toEqual([0, 0])
    const checked = crc32(file.subarray(at + 8, at + length), crc32(`${header.segment}:${at}`))
    expect(file.readUInt32LE(at + 4)).toBe(checked)
    const [kind, events] = [file.toString('latin1', at, at + 4), file.readUInt32LE(at + 12)]
    frames.push({ kind, events, firstPosition: Number(file.readBigUInt64LE(at + 16)), end: at + length })
    let from = at + 24
    for (let event = 0; event < events; event++, from += file.readUInt32LE(from)) records.push(decodeRecord(file, from))
    expect(at + length - from).toBeLessThan(8)
    expect(file.subarray(from, at + length).every((byte) => byte === 0)).toBe(true)
  }
  expect(at).toBe(file.length)
  return { header, frames, records }
}

function decodeRecord(file: Buffer, at: number) {
  const end = at + file.readUInt32LE(at)
  let from = at + 56
  const text = (length: number) => {
    from += length
    return file.toString('utf8', from - length, from)
  }
  const ownText = () => {
    from += 2
    return text(file.readUInt16LE(from - 2))
  }
  const flags = file.readUInt8(at + 28)
  const record = {
    at,
    crc: crc32(file.subarray(at, end)),
    position: file.readUIntLE(at + 4, 6),
    version: file.readUIntLE(at + 10, 6),
    recordedAtMs: file.readUIntLE(at + 16, 6),
    schemaVersion: file.readUInt16LE(at + 22),
    commitIndex: file.readUInt16LE(at + 24),
    commitEvents: file.readUInt16LE(at + 26),
    id: uuid(file, at + 40),
    stream: text(file.readUInt16LE(at + 30)),
    type: text(file.readUInt16LE(at + 32)),
    commandId: text(file.readUInt16LE(at + 34)),
    contentType: flags & 1 ? ownText() : 'application/json',
    validAt: flags & 2 ? ownText() : undefined,
    tags: Array.from({ length: file.readUInt8(at + 29) }, ownText),
    metadata: text(file.readUInt32LE(at + 36)),
  }
  return { ...record, data: Buffer.from(file.subarray(from, end)) }
}

function uuid(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + 16)
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
}

interface Entry {
  readonly kind: number
  readonly text: string
  readonly firstVersion?: number
  readonly events: readonly number[]
}

function decodeIndex(file: Buffer) {
  expect(file.toString('latin1', 0, 8)).toBe('INDELIDX')
  const u32 = (at: number) => file.readUInt32LE(at)
  const u64 = (at: number) => Number(file.readBigUInt64LE(at))
  const header = {
    ...{ format: u32(8), segment: u32(12), logId: uuid(file, 16), firstPosition: u64(32), logEnd: u64(40) },
    ...{ lastRecordedAtMs: u64(48), events: u32(56), commits: u32(60), terms: u32(64), filterBlocks: u32(68) },
    ...{ placesPage: u32(72), filterPage: u32(76), directoryPage: u32(80), entriesPage: u32(84), pages: u32(88) },
  }
  const { segment, logId, events, terms, filterBlocks, placesPage, filterPage, directoryPage, entriesPage, pages } =
    header
  expect(file.length).toBe(4096 * pages)
  const contents = Array.from({ length: pages }, (_, page) => {
    const text = page === 0 ? `${logId}:${segment}` : `${logId}:${segment}:${events}:${page}`
    const content = file.subarray(4096 * page, 4096 * page + 4092)
    expect(u32(4096 * page + 4092)).toBe(crc32(content, crc32(text)))
    return content
  })
  expect([placesPage, filterPage - placesPage, directoryPage - filterPage, entriesPage - directoryPage]).toEqual([
    1,
    Math.ceil(events / 511),
    Math.ceil(filterBlocks / 63),
    Math.ceil(terms / 341),
  ])
  expect(filterBlocks).toBe(Math.max(1, Math.ceil((12 * terms) / 512)))

  const places = Array.from({ length: events }, (_, event) => {
    const page = contents[placesPage + Math.floor(event / 511)]!
    return { at: page.readUInt32LE((event % 511) * 8), crc: page.readUInt32LE((event % 511) * 8 + 4) }
  })
  const directory = Array.from({ length: terms }, (_, line) => {
    const page = contents[directoryPage + Math.floor(line / 341)]!
    const at = (line % 341) * 12
    return { high: page.readUInt32LE(at), low: page.readUInt32LE(at + 4), offset: page.readUInt32LE(at + 8) }
  })
  const bytes = Buffer.concat(contents.slice(entriesPage))
  const entries: Entry[] = []
  let at = 0
  const number = () => {
    let [value, byte, scale] = [0, 0x80, 1]
    for (; byte >= 0x80; scale *= 0x80) {
      byte = bytes[at++]!
      value += (byte & 0x7f) * scale
    }
    return value
  }
  const filter = Buffer.alloc(64 * filterBlocks)
  for (const { high, low, offset } of directory) {
    expect(at).toBe(offset)
    const kind = bytes[at++]!
    const length = number()
    const name = bytes.subarray(at, at + length)
    at += length
    const firstVersion = kind === 1 ? { firstVersion: number() } : {}
    let last = 0
    const list = Array.from({ length: number() }, () => {
      last += number()
      return last
    })
    entries.push({ kind, text: name.toString(), ...firstVersion, events: list })
    expect({ high, low }).toEqual(hashOf(kind, name))
    const block = Number((BigInt(high) * BigInt(filterBlocks)) >> 32n)
    const step = (low >>> 9) | 1
    for (let probe = 0; probe < 6; probe++) {
      const bit = (low + probe * step) % 512
      filter[64 * block + Math.floor(bit / 8)]! |= 2 ** (bit % 8)
    }
  }
  const order = directory.map(({ high, low }) => high * 2 ** 32 + low)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  for (let block = 0; block < filterBlocks; block++) {
    const page = contents[filterPage + Math.floor(block / 63)]!
    const from = (block % 63) * 64
    expect(page.subarray(from, from + 64)).toEqual(filter.subarray(64 * block, 64 * block + 64))
  }
  return { header, places, entries }
}

/** With bigints, so that the result does not depend on how JavaScript truncates numbers. */
function hashOf(kind: number, text: Buffer): { high: number; low: number } {
  const cut = (value: bigint) => value & 0xffff_ffffn
  const mix = (value: bigint) => {
    let x = value
    x = cut((x ^ (x >> 16n)) * 0x85ebca6bn)
    x = cut((x ^ (x >> 13n)) * 0xc2b2ae35n)
    return x ^ (x >> 16n)
  }
  let high = BigInt(kind) ^ 0x9747b28cn
  let low = cut(BigInt(kind) << 16n) ^ 0x5bd1e995n
  for (const byte of text) {
    high = cut((high ^ BigInt(byte)) * 0x01000193n)
    const rotated = cut(low << 5n) | (low >> 27n)
    low = cut(rotated * 0x85ebca6bn) ^ BigInt(byte)
  }
  return { high: Number(mix(high ^ BigInt(text.length))), low: Number(mix(low ^ high)) }
}
