// Builds the columns of a segment from its events alone. The same events always give the same bytes, so columns can be checked by building them again.
// Of the events nothing is kept but their values, as bytes, so that a segment takes about as much memory as its columns, unless there are thousands of them.
import { crc32 } from 'node:zlib'
import { isJson, type RecordedEvent } from '../../kernel/events.ts'
import { uuidBytes } from '../../kernel/ids.ts'
import type { Frame, SegmentHeader } from '../format/index.ts'
import { type ColumnsOwner, encodeColumns, type Plan, SectionList } from './column-file.ts'
import { ColumnValues } from './column-values.ts'
import { encodeTexts, encodeWholeNumbers } from './encode-column.ts'
import { Growing } from './growing.ts'
import { occurring, orderOfEach, renumbered } from './orders.ts'
import type { EnvelopeColumn } from './segment-columns.ts'
import { Payloads } from './shapes.ts'
import { StreamIds } from './stream-ids.ts'

interface TypeBuilder {
  readonly name: string
  readonly number: number
  readonly data: Payloads
  readonly metadata: Payloads
}

/** What the columns of an event are made of. */
export interface ColumnsInput extends RecordedEvent {
  readonly recordedAtMs: number
  /** The id as bytes. */
  writeId(into: Uint8Array, at: number): void
}

export class ColumnsBuilder {
  readonly #header: Pick<SegmentHeader, 'segment' | 'logId' | 'firstPosition'>
  #events = 0
  readonly #types = new Map<string, TypeBuilder>()
  readonly #type = new Growing(Uint32Array)
  readonly #streams = new StreamIds()
  readonly #ids = new Growing(Uint8Array)
  readonly #envelope: Record<EnvelopeColumn, ColumnValues> = {
    category: new ColumnValues(),
    version: new ColumnValues(),
    recordedAt: new ColumnValues(),
    schemaVersion: new ColumnValues(),
    contentType: new ColumnValues(),
    validAt: new ColumnValues(),
    tags: new ColumnValues(),
  }
  /** Times never go back along the log. */
  #recordedFrom: number | undefined
  #lastRecordCrc = 0

  constructor(header: Pick<SegmentHeader, 'segment' | 'logId' | 'firstPosition'>) {
    this.#header = header
  }

  get events(): number {
    return this.#events
  }

  /** What the columns are of, so far. */
  get owner(): ColumnsOwner {
    const { segment, logId, firstPosition } = this.#header
    return { segment, logId, firstPosition, events: this.events, lastRecordCrc: this.#lastRecordCrc }
  }

  /** Adds the next frame of the segment. It keeps nothing of the frame's memory, so the caller may read the next frame into it. */
  add(frame: Frame, starts: readonly number[]): void {
    for (const start of starts) this.push(frame.event(start))
    const last = starts.at(-1)
    if (last === undefined) return
    this.#lastRecordCrc = crc32(frame.bytes.subarray(last, last + frame.bytes.readUInt32LE(last)))
  }

  /** The bytes of the file, in pieces, once. */
  finish(owner: ColumnsOwner = this.owner): Iterable<Buffer> {
    const sections = new SectionList()
    const streams = this.#streams.sorted()
    const { order } = streams
    const typeOf = this.#type.inOrder(order)
    const found = occurring(typeOf, this.#types.size)
    const builders = [...this.#types.values()]
    const types = found.map((number) => builders[number]!)
    const orders = orderOfEach(this.#type.items, this.#types.size, order)
    this.#type.release()
    // What every fold needs comes first, what hardly any looks at comes last.
    const type = encodeWholeNumbers(renumbered(typeOf, found, this.#types.size), sections)
    const stream = encodeWholeNumbers(streams.numbers, sections)
    const position = encodeWholeNumbers(order, sections)
    const keys = sections.add(streams.keys)
    const ids = { count: streams.ids.length, keys, id: encodeTexts(streams.ids, sections) }
    const data = types.map((each) => each.data.encode(orders[each.number]!, sections))
    const metadata = types.map((each) => each.metadata.encode(orders[each.number]!, sections))
    const envelope = (name: EnvelopeColumn) => this.#envelope[name].encode(order, sections)
    const plan: Plan = {
      recordedFrom: this.#recordedFrom ?? 0,
      types: types.map(({ name, number }, at) => {
        return { name, events: orders[number]!.length, data: data[at]!, metadata: metadata[at]! }
      }),
      streams: ids,
      events: {
        type,
        stream,
        position,
        category: envelope('category'),
        version: envelope('version'),
        recordedAt: envelope('recordedAt'),
        schemaVersion: envelope('schemaVersion'),
        contentType: envelope('contentType'),
        validAt: envelope('validAt'),
        tags: envelope('tags'),
        id: sections.add(this.#idsIn(order)),
      },
    }
    return encodeColumns(owner, plan, sections)
  }

  /** Adds the next event. It keeps nothing of its memory. */
  push(event: ColumnsInput): void {
    this.#events++
    const { tags } = event
    const type = this.#typeOf(event.type)
    this.#type.push(type.number)
    this.#streams.push(event.streamId)
    event.writeId(this.#ids.extend(uuidBytes), this.#ids.length - uuidBytes)
    this.#recordedFrom ??= event.recordedAtMs
    const { category, version, recordedAt, schemaVersion, contentType, validAt } = this.#envelope
    category.push(event.category)
    version.push(event.version)
    recordedAt.push(event.recordedAtMs - this.#recordedFrom)
    schemaVersion.push(event.schemaVersion)
    contentType.push(event.contentType)
    validAt.push(event.validAt ?? null)
    this.#envelope.tags.push(tags.length === 0 ? '[]' : JSON.stringify(tags))
    addData(type.data, event)
    addMetadata(type.metadata, event)
  }

  #typeOf(name: string): TypeBuilder {
    let type = this.#types.get(name)
    if (!type) {
      type = { name, number: this.#types.size, data: new Payloads(), metadata: new Payloads() }
      this.#types.set(name, type)
    }
    return type
  }

  #idsIn(order: Uint32Array): Uint8Array {
    const [from, ids] = [Buffer.from(this.#ids.items.buffer as ArrayBuffer), Buffer.alloc(this.#ids.length)]
    for (let row = 0; row < order.length; row++) {
      const at = uuidBytes * order[row]!
      from.copy(ids, uuidBytes * row, at, at + uuidBytes)
    }
    this.#ids.release()
    return ids
  }
}

function addData(payloads: Payloads, event: ColumnsInput): void {
  const value = isJson(event.contentType) ? parsed(() => event.data) : undefined
  if (value === undefined) payloads.pushInLog()
  else payloads.push(value, () => textOf(event.dataBytes))
}

function addMetadata(payloads: Payloads, event: ColumnsInput): void {
  const value = parsed(() => event.metadata)
  if (value === undefined) payloads.pushInLog()
  else payloads.push(value, () => textOf(event.metadataBytes))
}

/** A payload that claims to be JSON and is not stays in the log. Reading it there throws. */
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
