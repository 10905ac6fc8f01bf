// A record is one event as the log keeps it: numbers at fixed places, then its texts, then its payloads. It says all about the event by itself, so
// that it can be read alone, and nothing of it is decoded before somebody asks.
//
//    0  length of the record u32       28  flags u8 (1: has a content type, 2: has a time of validity)
//    4  position u48                   29  tags u8
//   10  version u48                    30  length of the stream u16, of the type u16, of the command id u16
//   16  recorded at u48 (ms)           36  length of the metadata u32
//   22  schema version u16             40  id (16 bytes)
//   24  index in its commit u16        56  stream, type, command id (only the first event of a commit has one),
//   26  events of its commit u16           content type, valid at, tags (each u16 and text), metadata, data (the rest)
//
// Little-endian; texts are UTF-8. Lengths are in bytes. A content type that is left out is application/json.
import type { EncodedEvent, Payload } from '../../kernel/encoding.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import {
  correlationIdOf,
  type EventMetadata,
  eventJson,
  isJson,
  jsonContentType,
  type RecordedEvent,
} from '../../kernel/events.ts'
import { type IdWriter, readUuid, writeUuid } from '../../kernel/ids.ts'
import type { Position, Version } from '../../kernel/positions.ts'
import { categoryOf, type StreamName, streamIdOf } from '../../kernel/streams.ts'
import { type Instant, instant, type ValidTime } from '../../kernel/time.ts'

export const recordFixedBytes = 56
const hasContentType = 1
const hasValidAt = 2
const u32 = 0x1_0000_0000
const shortText = 40

/** Node's own ways from and to UTF-8, without the choice of encodings that `write` and `toString` make each time. */
export type Utf8Buffer = Buffer & {
  utf8Write(text: string, at: number): number
  utf8Slice(start: number, end: number): string
}

/** A commit on its way into the log. */
export interface NewCommit {
  readonly commandId: string | undefined
  readonly firstPosition: Position
  readonly recordedAtMs: number
  readonly events: readonly EncodedEvent[]
  /** Of each event in its stream. */
  readonly versions: readonly Version[]
}

/** The most bytes that a record of this event can have. */
export function recordBytesMax(event: EncodedEvent, commandId: string | undefined): number {
  const { stream, type, contentType, validAt, tags, metadata, data } = event
  let units = stream.length + type.length + (commandId?.length ?? 0) + contentType.length + (validAt?.length ?? 0)
  for (const tag of tags) units += tag.length + 1
  return recordFixedBytes + 8 + 3 * (units + data.length + metadata.length)
}

/** Writes the record of an event of a commit where there is room for `recordBytesMax`. Gives its length. */
export function writeRecord(bytes: Utf8Buffer, at: number, commit: NewCommit, index: number, newId: IdWriter): number {
  const { commandId, recordedAtMs, events } = commit
  const event = events[index]!
  const { contentType, validAt, tags } = event
  writeU48(bytes, at + 4, commit.firstPosition + index)
  writeU48(bytes, at + 10, commit.versions[index]!)
  writeU48(bytes, at + 16, recordedAtMs)
  writeU16(bytes, at + 22, event.schemaVersion)
  writeU16(bytes, at + 24, index)
  writeU16(bytes, at + 26, events.length)
  bytes[at + 28] = (contentType === jsonContentType ? 0 : hasContentType) | (validAt === undefined ? 0 : hasValidAt)
  bytes[at + 29] = tags.length
  if (event.id === undefined) newId(bytes, at + 40, recordedAtMs)
  else writeUuid(event.id, bytes, at + 40)
  let end = at + recordFixedBytes
  const stream = writeUtf8(bytes, end, event.stream)
  writeU16(bytes, at + 30, stream)
  end += stream
  const type = writeUtf8(bytes, end, event.type)
  writeU16(bytes, at + 32, type)
  end += type
  const command = index > 0 || commandId === undefined ? 0 : writeUtf8(bytes, end, commandId)
  writeU16(bytes, at + 34, command)
  end += command
  if (contentType !== jsonContentType) end = writeText(bytes, end, contentType)
  if (validAt !== undefined) end = writeText(bytes, end, validAt)
  for (let tag = 0; tag < tags.length; tag++) end = writeText(bytes, end, tags[tag]!)
  const metadata = writePayload(bytes, end, event.metadata)
  writeU32(bytes, at + 36, metadata)
  end += metadata
  end += writePayload(bytes, end, event.data)
  writeU32(bytes, at, end - at)
  return end - at
}

function writeU16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
}

function writeU32(bytes: Buffer, at: number, value: number): void {
  writeU16(bytes, at, value)
  writeU16(bytes, at + 2, value >>> 16)
}

/** Short texts are mostly ASCII, and for those the way into native code costs more than writing them here. */
function writeUtf8(bytes: Utf8Buffer, at: number, text: string): number {
  const { length } = text
  if (length > shortText) return bytes.utf8Write(text, at)
  for (let unit = 0; unit < length; unit++) {
    const code = text.charCodeAt(unit)
    if (code > 0x7f) return bytes.utf8Write(text, at)
    bytes[at + unit] = code
  }
  return length
}

function writeU48(bytes: Buffer, at: number, value: number): void {
  writeU32(bytes, at, value % u32)
  writeU16(bytes, at + 4, Math.floor(value / u32))
}

function readU16(bytes: Buffer, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8)
}

function readU32(bytes: Buffer, at: number): number {
  return (readU16(bytes, at) | (readU16(bytes, at + 2) << 16)) >>> 0
}

export function readU48(bytes: Buffer, at: number): number {
  return readU32(bytes, at) + u32 * readU16(bytes, at + 4)
}

function writeText(bytes: Utf8Buffer, at: number, text: string): number {
  const length = writeUtf8(bytes, at + 2, text)
  writeU16(bytes, at, length)
  return at + 2 + length
}

function writePayload(bytes: Utf8Buffer, at: number, payload: Payload): number {
  if (typeof payload === 'string') return payload === '' ? 0 : bytes.utf8Write(payload, at)
  bytes.set(payload, at)
  return payload.length
}

/** True for the record of a reserved event: the name of its stream begins with "$". */
export function isReservedAt(bytes: Buffer, at: number): boolean {
  return bytes[at + recordFixedBytes] === 0x24
}

/** The length of the record at a place. Throws a RangeError unless all of it lies before an end and fits together. */
export function checkRecord(bytes: Buffer, at: number, end: number): number {
  if (at + recordFixedBytes > end) throw new RangeError('a record is cut off')
  const length = readU32(bytes, at)
  if (at + length > end) throw new RangeError('a record is longer than what holds it')
  const texts = bytes[at + 29]! + (bytes[at + 28]! === 0 ? 0 : flagsIn(bytes[at + 28]!))
  let from = afterCommandId(bytes, at)
  for (let text = 0; text < texts; text++) {
    if (from + 2 > at + length) throw new RangeError('the texts of a record reach past its end')
    from += 2 + readU16(bytes, from)
  }
  if (from + readU32(bytes, at + 36) > at + length) throw new RangeError('the parts of a record reach past its end')
  if (readU16(bytes, at + 24) >= readU16(bytes, at + 26)) throw new RangeError('a record is outside its commit')
  return length
}

function flagsIn(flags: number): number {
  return (flags & hasContentType) + ((flags & hasValidAt) >> 1)
}

function afterCommandId(bytes: Buffer, at: number): number {
  return at + recordFixedBytes + readU16(bytes, at + 30) + readU16(bytes, at + 32) + readU16(bytes, at + 34)
}

interface Decoded {
  stream: StreamName | undefined
  type: string | undefined
  dataBytes: Uint8Array | undefined
  metadata: EventMetadata | undefined
  metadataBytes: Uint8Array | undefined
}

/** Parses payloads that are likely to look alike; gives nothing for others. */
export interface PayloadParser {
  parse(bytes: Buffer, from: number, to: number): unknown
}

/** An event in the bytes of the log. It keeps them, so they must never change. */
export class LogEvent implements RecordedEvent {
  readonly #bytes: Utf8Buffer
  readonly #at: number
  readonly #parser: PayloadParser | undefined
  #data: unknown
  /** What else was decoded; most who read many events look at little of each. */
  #decoded: Decoded | undefined

  constructor(bytes: Buffer, at: number, parser?: PayloadParser) {
    this.#bytes = bytes as Utf8Buffer
    this.#at = at
    this.#parser = parser
  }

  /** Another one of the same event, with data of its own. */
  again(): LogEvent {
    return new LogEvent(this.#bytes, this.#at)
  }

  get position(): Position {
    return readU48(this.#bytes, this.#at + 4)
  }

  get version(): Version {
    return readU48(this.#bytes, this.#at + 10)
  }

  get recordedAtMs(): number {
    return readU48(this.#bytes, this.#at + 16)
  }

  get recordedAt(): Instant {
    return instant(this.recordedAtMs)
  }

  get schemaVersion(): number {
    return readU16(this.#bytes, this.#at + 22)
  }

  /** Where it is in its commit, from 0 on. */
  get commitIndex(): number {
    return readU16(this.#bytes, this.#at + 24)
  }

  get commitEvents(): number {
    return readU16(this.#bytes, this.#at + 26)
  }

  get id(): string {
    return readUuid(this.#bytes, this.#at + 40)
  }

  /** The id as bytes. */
  writeId(into: Uint8Array, at: number): void {
    into.set(this.#bytes.subarray(this.#at + 40, this.#at + recordFixedBytes), at)
  }

  get stream(): StreamName {
    const decoded = this.#kept
    decoded.stream ??= this.#text(this.#at + recordFixedBytes, this.#u16(30)) as StreamName
    return decoded.stream
  }

  get category(): string {
    return categoryOf(this.stream)
  }

  get streamId(): string {
    return streamIdOf(this.stream)
  }

  get type(): string {
    const decoded = this.#kept
    decoded.type ??= this.#text(this.#at + recordFixedBytes + this.#u16(30), this.#u16(32))
    return decoded.type
  }

  /** Of its commit; only the first event has it. */
  get commandId(): string | undefined {
    const length = this.#u16(34)
    return length === 0 ? undefined : this.#text(afterCommandId(this.#bytes, this.#at) - length, length)
  }

  get contentType(): string {
    return this.#flag(hasContentType) ? this.#texts(0, 1)[0]! : jsonContentType
  }

  get validAt(): ValidTime | undefined {
    return this.#flag(hasValidAt) ? this.#texts(this.#flag(hasContentType), 1)[0] : undefined
  }

  get tags(): readonly string[] {
    const count = this.#bytes[this.#at + 29]!
    return count === 0 ? [] : this.#texts(this.#flag(hasContentType) + this.#flag(hasValidAt), count)
  }

  get metadataBytes(): Uint8Array {
    const decoded = this.#kept
    decoded.metadataBytes ??= new Uint8Array(this.#bytes.subarray(this.#metadataAt, this.#dataAt))
    return decoded.metadataBytes
  }

  get metadata(): EventMetadata {
    const decoded = this.#kept
    if (decoded.metadata) return decoded.metadata
    const value = this.hasMetadata ? this.#json(this.#metadataAt, this.#dataAt) : {}
    if (typeof value !== 'object' || value === null) throw this.#notJson()
    decoded.metadata = value as EventMetadata
    return decoded.metadata
  }

  get correlationId(): string | undefined {
    return this.hasMetadata ? correlationIdOf(this.metadata) : undefined
  }

  get hasMetadata(): boolean {
    return readU32(this.#bytes, this.#at + 36) > 0
  }

  get dataBytes(): Uint8Array {
    const decoded = this.#kept
    decoded.dataBytes ??= new Uint8Array(this.#bytes.subarray(this.#dataAt, this.#end))
    return decoded.dataBytes
  }

  get data(): unknown {
    if (this.#data !== undefined) return this.#data
    const json = this.#bytes[this.#at + 28] === 0 || isJson(this.contentType)
    if (json) {
      const [from, to] = [this.#dataAt, this.#end]
      this.#data = this.#parser?.parse(this.#bytes, from, to) ?? this.#json(from, to)
    } else this.#data = this.dataBytes
    return this.#data
  }

  get #end(): number {
    return this.#at + this.length
  }

  /** Of the record, in bytes. */
  get length(): number {
    return readU32(this.#bytes, this.#at)
  }

  toJSON(): Record<string, unknown> {
    return eventJson(this)
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): Record<string, unknown> {
    return eventJson(this)
  }

  get #kept(): Decoded {
    this.#decoded ??= {
      stream: undefined,
      type: undefined,
      dataBytes: undefined,
      metadata: undefined,
      metadataBytes: undefined,
    }
    return this.#decoded
  }

  get #metadataAt(): number {
    let at = afterCommandId(this.#bytes, this.#at)
    const texts = this.#flag(hasContentType) + this.#flag(hasValidAt) + this.#bytes[this.#at + 29]!
    for (let text = 0; text < texts; text++) at += 2 + readU16(this.#bytes, at)
    return at
  }

  get #dataAt(): number {
    return this.#metadataAt + readU32(this.#bytes, this.#at + 36)
  }

  #json(from: number, to: number): unknown {
    try {
      return JSON.parse(this.#bytes.utf8Slice(from, to))
    } catch (cause) {
      throw this.#notJson(cause)
    }
  }

  /** Its checksum is right and it was checked before it was written: somebody else wrote it. */
  #notJson(cause?: unknown): IndelibleError {
    const { position } = this
    return new IndelibleError('log_corrupt', `The event at position ${position} is not the JSON that it says it is.`, {
      details: { position },
      cause,
    })
  }

  #u16(offset: number): number {
    return readU16(this.#bytes, this.#at + offset)
  }

  #flag(flag: number): 0 | 1 {
    return (this.#bytes[this.#at + 28]! & flag) === 0 ? 0 : 1
  }

  #text(at: number, length: number): string {
    return this.#bytes.utf8Slice(at, at + length)
  }

  /** Some of the texts that carry their own length. */
  #texts(skip: number, count: number): string[] {
    let at = afterCommandId(this.#bytes, this.#at)
    for (let text = 0; text < skip; text++) at += 2 + readU16(this.#bytes, at)
    return Array.from({ length: count }, () => {
      const length = readU16(this.#bytes, at)
      at += 2 + length
      return this.#text(at - length, length)
    })
  }
}
