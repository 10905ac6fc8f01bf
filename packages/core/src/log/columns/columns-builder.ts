// Makes the columns of a segment from its events alone. The same events always give the same bytes, so that columns can be checked by making them anew.
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { isJson } from '../../kernel/events.ts'
import { uuidBytes } from '../../kernel/ids.ts'
import { streamIdOf } from '../../kernel/streams.ts'
import { Frame } from '../frame.ts'
import type { LogEvent } from '../record.ts'
import type { SegmentHeader } from '../segment.ts'
import { type ColumnsOwner, encodeColumns, type Plan } from './column-file.ts'
import { encodeColumn, encodeTexts, SectionList } from './encode-column.ts'
import { Payloads } from './shapes.ts'

interface TypeBuilder {
  readonly number: number
  events: number
  readonly data: Payloads
  readonly metadata: Payloads
}

export class ColumnsBuilder {
  readonly #header: SegmentHeader
  /** In the order of the log. */
  readonly #events: LogEvent[] = []
  readonly #types = new Map<string, TypeBuilder>()
  readonly #position: number[] = []
  readonly #type: number[] = []
  readonly #stream: number[] = []
  readonly #category: string[] = []
  readonly #version: number[] = []
  readonly #recordedAt: number[] = []
  readonly #schemaVersion: number[] = []
  readonly #contentType: string[] = []
  readonly #validAt: (string | null)[] = []
  readonly #tags: string[] = []
  #ids = Buffer.alloc(0)
  #lastRecordCrc = 0

  constructor(header: SegmentHeader) {
    this.#header = header
  }

  get events(): number {
    return this.#events.length
  }

  /** What the columns are of, so far. */
  get owner(): ColumnsOwner {
    const { segment, logId, firstPosition } = this.#header
    return { segment, logId, firstPosition, events: this.events, lastRecordCrc: this.#lastRecordCrc }
  }

  /** Takes in the next frame of the segment. Its bytes are copied: whoever reads it may read the next one into the same memory. */
  add({ bytes }: Frame, starts: readonly number[]): void {
    const frame = new Frame(Buffer.from(bytes))
    for (const start of starts) this.#events.push(frame.event(start))
    const last = starts.at(-1)
    if (last === undefined) return
    this.#lastRecordCrc = crc32(frame.bytes.subarray(last, last + frame.bytes.readUInt32LE(last)))
  }

  finish(): Buffer {
    const sections = new SectionList()
    const streams = new StreamOrder(this.#events)
    this.#ids = Buffer.alloc(uuidBytes * this.events)
    streams.order.forEach((position, at) => {
      this.#addEvent(this.#events[position]!, at, position)
      this.#stream.push(streams.numbers[position]!)
    })
    // What every fold needs comes first, what hardly any looks at comes last.
    const type = encodeColumn(this.#type, sections)
    const stream = encodeColumn(this.#stream, sections)
    const position = encodeColumn(this.#position, sections)
    const ids = { count: streams.ids.length, keys: sections.add(streams.keys), id: encodeTexts(streams.ids, sections) }
    const data = [...this.#types.values()].map((each) => each.data.encode(sections))
    const metadata = [...this.#types.values()].map((each) => each.metadata.encode(sections))
    const plan: Plan = {
      recordedFrom: this.#recordedFrom,
      types: [...this.#types].map(([name, { events }], number) => {
        return { name, events, data: data[number]!, metadata: metadata[number]! }
      }),
      streams: ids,
      events: {
        type,
        stream,
        position,
        category: encodeColumn(this.#category, sections),
        version: encodeColumn(this.#version, sections),
        recordedAt: encodeColumn(this.#recordedAt, sections),
        schemaVersion: encodeColumn(this.#schemaVersion, sections),
        contentType: encodeColumn(this.#contentType, sections),
        validAt: encodeColumn(this.#validAt, sections),
        tags: encodeColumn(this.#tags, sections),
        id: sections.add(this.#ids),
      },
    }
    return encodeColumns(this.owner, plan, sections.all)
  }

  /** Times never go back along the log. */
  get #recordedFrom(): number {
    return this.#events[0]?.recordedAtMs ?? 0
  }

  #addEvent(event: LogEvent, at: number, position: number): void {
    const type = this.#typeOf(event.type)
    type.events++
    this.#type.push(type.number)
    this.#position.push(position)
    this.#category.push(event.category)
    this.#version.push(event.version)
    this.#recordedAt.push(event.recordedAtMs - this.#recordedFrom)
    this.#schemaVersion.push(event.schemaVersion)
    this.#contentType.push(event.contentType)
    this.#validAt.push(event.validAt ?? null)
    const { tags } = event
    this.#tags.push(tags.length === 0 ? '[]' : JSON.stringify(tags))
    event.writeId(this.#ids, uuidBytes * at)
    addData(type.data, event)
    addMetadata(type.metadata, event)
  }

  #typeOf(name: string): TypeBuilder {
    let type = this.#types.get(name)
    if (!type) {
      type = { number: this.#types.size, events: 0, data: new Payloads(), metadata: new Payloads() }
      this.#types.set(name, type)
    }
    return type
  }
}

/** The order of events in the columns. */
class StreamOrder {
  /** In the order of their keys. */
  readonly ids: readonly string[]
  /** Of each id its key, in four numbers. */
  readonly keys: Uint32Array
  /** Of each event, in the order of the log, the number of its stream id. */
  readonly numbers: Uint32Array
  /** The events by stream id, each by its number in the order of the log. */
  readonly order: Uint32Array

  constructor(events: readonly LogEvent[]) {
    const found = new Map<string, number>()
    const seen = Uint32Array.from(events, ({ stream }) => {
      const id = streamIdOf(stream)
      const number = found.get(id) ?? found.size
      if (number === found.size) found.set(id, number)
      return number
    })
    const streams = [...found.keys()].map((id, number) => ({ id, number, key: hash('sha256', id, 'buffer') }))
    streams.sort((a, b) => Buffer.compare(a.key, b.key))
    this.ids = streams.map(({ id }) => id)
    this.keys = new Uint32Array(4 * streams.length)
    const ranks = new Uint32Array(streams.length)
    streams.forEach(({ number, key }, rank) => {
      ranks[number] = rank
      for (let part = 0; part < 4; part++) this.keys[4 * rank + part] = key.readUInt32BE(4 * part)
    })
    this.numbers = seen.map((number) => ranks[number]!)
    this.order = sortedBy(this.numbers, streams.length)
  }
}

/** Indexes in the order of what each has, and those that have the same as they were: a counting sort. */
function sortedBy(numbers: Uint32Array, count: number): Uint32Array {
  const next = new Uint32Array(count + 1)
  for (const number of numbers) next[number + 1]!++
  for (let number = 0; number < count; number++) next[number + 1]! += next[number]!
  const order = new Uint32Array(numbers.length)
  for (let index = 0; index < numbers.length; index++) order[next[numbers[index]!]!++] = index
  return order
}

function addData(payloads: Payloads, event: LogEvent): void {
  const value = isJson(event.contentType) ? parsed(() => event.data) : undefined
  if (value === undefined) payloads.addInLog()
  else payloads.add(value, () => textOf(event.dataBytes))
}

function addMetadata(payloads: Payloads, event: LogEvent): void {
  const value = parsed(() => event.metadata)
  if (value === undefined) payloads.addInLog()
  else payloads.add(value, () => textOf(event.metadataBytes))
}

/** What is not the JSON that it says it is stays in the log, and whoever looks at it there is told. */
function parsed(read: () => unknown): unknown {
  try {
    return read()
  } catch {
    return undefined
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}
