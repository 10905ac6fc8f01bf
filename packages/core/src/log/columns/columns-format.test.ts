// docs/log-format.md specifies the format of replay columns too. The reader in this file was written from that page alone: it imports nothing of the
// engine except its public interface, and must stay so.
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { fileStore } from '../../file/event-store.ts'
import type { NewEvent, RecordedEvent } from '../../kernel/events.ts'
import { rebuildIndex } from '../maintenance/rebuild-index.ts'

test('columns files match the specification', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const store = await fileStore({ dir, limits: { segmentEventsMax: events.length } })
  await store.append({ events })
  await store.append({ events: [{ stream: 'end-1', type: 'End', data: 0 }] })
  const logged = (await Array.fromAsync(store.read('all'))).flatMap((batch) => batch.events).slice(0, -1)
  await store.close()
  await rebuildIndex({ dir })
  const [file, log] = [readFileSync(join(dir, '00000001.col')), readFileSync(join(dir, '00000001.log'))]
  const { header, decoded, kinds } = decode(file)
  expect(header).toEqual({ format: 1, segment: 1, logId: log.toString('hex', 24, 40), first: 1, events: events.length })
  expect(decoded).toEqual(logged.map(fieldsOf))
  // The file contains every kind of column that the page names.
  expect([...kinds].sort()).toEqual(
    ['bool', 'choice', 'constant', 'f64', 'i16', 'i32', 'i8', 'json', 'log', 'text', 'u16', 'u8'].sort(),
  )
})

const events: NewEvent[] = Array.from({ length: 30 }, (_, n) => ({
  stream: `${n % 2 === 0 ? 'account' : 'c'}-${n % 7}${n % 3 === 0 ? 'ü🚀' : ''}` as const,
  type: n % 5 === 0 ? 'Größe' : 'Moved',
  data:
    n % 10 === 9
      ? new Uint8Array([n])
      : {
          ...{ u8: n, i8: n - 20, u16: 300 * n, i16: -300 * n, i32: 70_000 * n, f64: n / 2, same: 'EUR' },
          deep: {
            flag: n % 2 === 0,
            few: `f${n % 3}`,
            text: n % 4 === 0 ? null : `text ${n}`,
            mixed: n % 2 === 0 ? n : [n],
          },
          wide: `€${n}`,
        },
  tags: n % 3 === 0 ? ['x', 'ü'] : [],
  ...(n % 6 === 0 ? { metadata: { actor: `a${n}` }, validAt: '1993-01-31' } : {}),
}))

function fieldsOf(event: RecordedEvent) {
  const { position, stream, version, type, id, tags, recordedAt, validAt, metadata, schemaVersion, contentType } = event
  const data = contentType === 'application/json' ? event.data : 'in the log'
  return { position, stream, version, type, id, tags, recordedAt, validAt, metadata, schemaVersion, contentType, data }
}

interface Texts {
  readonly count: number
  readonly wide: boolean
  readonly offsets: number
  readonly units: number
}

interface Column {
  readonly is: string
  readonly value?: unknown
  readonly values?: number
  readonly nulls?: number
  readonly texts?: Texts
  readonly choices?: Texts
}

type Shape = Column | { readonly fields: readonly (readonly [string, Shape])[] }

interface Payloads {
  readonly shapeOf: Column
  readonly shapes: readonly { readonly count: number; readonly shape: Shape }[]
}

function decode(file: Buffer) {
  expect(file.toString('latin1', 0, 8)).toBe('INDELCOL')
  const [count, planBytes] = [file.readUInt32LE(48), file.readUInt32LE(52)]
  const planAt = 64 + 12 * count
  expect(file.readUInt32LE(56)).toBe(file.length)
  expect(crc32(file.subarray(64, planAt + planBytes), crc32(file.subarray(0, 60)))).toBe(file.readUInt32LE(60))
  const plan = JSON.parse(file.toString('utf8', planAt, planAt + planBytes))
  const kinds = new Set<string>()

  const section = (number: number) => {
    const [at, length, crc] = [0, 4, 8].map((field) => file.readUInt32LE(64 + 12 * number + field)) as [
      number,
      number,
      number,
    ]
    expect(at % 8).toBe(0)
    const bytes = file.subarray(at, at + length)
    expect(crc32(bytes)).toBe(crc)
    return bytes
  }
  const texts = ({ count, wide, offsets, units }: Texts) =>
    Array.from({ length: count }, (_, index) => {
      const [from, to] = [section(offsets).readUInt32LE(4 * index), section(offsets).readUInt32LE(4 * index + 4)]
      return wide ? section(units).toString('utf16le', 2 * from, 2 * to) : section(units).toString('latin1', from, to)
    })
  const number = (is: string, bytes: Buffer, row: number) => {
    if (is === 'u8') return bytes.readUInt8(row)
    if (is === 'i8') return bytes.readInt8(row)
    if (is === 'u16') return bytes.readUInt16LE(2 * row)
    if (is === 'i16') return bytes.readInt16LE(2 * row)
    return is === 'i32' ? bytes.readInt32LE(4 * row) : bytes.readDoubleLE(8 * row)
  }
  const value = (column: Column, row: number): unknown => {
    kinds.add(column.is)
    const { is, nulls, values } = column
    if (is === 'constant') return column.value
    if (is === 'log') return 'in the log'
    if (nulls !== undefined && section(nulls)[row] === 1) return null
    if (is === 'bool') return section(values!)[row] === 1
    if (is === 'text') return texts(column.texts!)[row]
    if (is === 'json') return JSON.parse(texts(column.texts!)[row]!)
    if (is !== 'choice') return number(is, section(values!), row)
    return texts(column.choices!)[number(column.choices!.count <= 256 ? 'u8' : 'u16', section(values!), row)]
  }
  const made = (shape: Shape, row: number): unknown =>
    'is' in shape ? value(shape, row) : Object.fromEntries(shape.fields.map(([key, part]) => [key, made(part, row)]))
  const payload = ({ shapeOf, shapes }: Payloads, row: number) => {
    const shape = value(shapeOf, row) as number
    let before = 0
    for (let other = 0; other < row; other++) if (value(shapeOf, other) === shape) before++
    return made(shapes[shape]!.shape, before)
  }

  const first = Number(file.readBigUInt64LE(32))
  const events = file.readUInt32LE(40)
  const rows = new Map<number, number>()
  const keys = Array.from({ length: plan.streams.count }, (_, stream) =>
    section(plan.streams.keys).subarray(16 * stream, 16 * stream + 16),
  )
  const streamIds = texts(plan.streams.id)
  streamIds.forEach((id, stream) => {
    const digest = createHash('sha256').update(id).digest()
    expect([0, 4, 8, 12].map((at) => keys[stream]!.readUInt32LE(at))).toEqual(
      [0, 4, 8, 12].map((at) => digest.readUInt32BE(at)),
    )
  })
  const places = Array.from({ length: events }, (_, event) => [
    value(plan.events.stream, event),
    value(plan.events.position, event),
  ])
  expect(places).toEqual(places.toSorted(([a, b], [c, d]) => Number(a) - Number(c) || Number(b) - Number(d)))
  const decoded = Array.from({ length: events }, (_, event) => {
    const of = (name: string) => value(plan.events[name], event)
    const [typeNumber, stream] = [of('type') as number, of('stream') as number]
    const row = rows.get(typeNumber) ?? 0
    rows.set(typeNumber, row + 1)
    const type = plan.types[typeNumber]
    const hex = section(plan.events.id).toString('hex', 16 * event, 16 * event + 16)
    return {
      position: first + (of('position') as number),
      stream: `${of('category')}-${streamIds[stream]}`,
      version: of('version'),
      type: type.name,
      id: hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'),
      tags: JSON.parse(of('tags') as string),
      recordedAt: new Date(plan.recordedFrom + (of('recordedAt') as number)).toISOString(),
      validAt: of('validAt') ?? undefined,
      metadata: payload(type.metadata, row),
      schemaVersion: of('schemaVersion'),
      contentType: of('contentType'),
      data: payload(type.data, row),
    }
  })
  const header = {
    format: file.readUInt32LE(8),
    segment: file.readUInt32LE(12),
    logId: file.toString('hex', 16, 32),
    first,
    events,
  }
  return { header, decoded: decoded.toSorted((a, b) => a.position - b.position), kinds }
}
