// An event as it is read from a record (see record.ts): each field is decoded when it is first asked for.
import { IndelibleError } from '../../kernel/errors.ts'
import {
  correlationIdOf,
  type EventMetadata,
  eventJson,
  isJson,
  jsonContentType,
  type RecordedEvent,
} from '../../kernel/events.ts'
import { readUuid } from '../../kernel/ids.ts'
import type { Position, Version } from '../../kernel/positions.ts'
import { categoryOf, type StreamName, streamIdOf } from '../../kernel/streams.ts'
import { type Instant, instant, type ValidTime } from '../../kernel/time.ts'
import {
  afterCommandId,
  hasContentType,
  hasValidAt,
  readU16,
  readU32,
  readU48,
  recordFixedBytes,
  type Utf8Buffer,
} from './record.ts'

interface Decoded {
  stream: StreamName | undefined
  type: string | undefined
  dataBytes: Uint8Array | undefined
  metadata: EventMetadata | undefined
  metadataBytes: Uint8Array | undefined
}

/** Parses payloads that are likely to look alike. Returns undefined for others. */
export interface PayloadParser {
  parse(bytes: Buffer, from: number, to: number): unknown
}

/** An event in the bytes of the log. It holds these bytes, so they must never change. */
export class LogEvent implements RecordedEvent {
  readonly #bytes: Utf8Buffer
  readonly #at: number
  readonly #parser: PayloadParser | undefined
  #data: unknown
  /** What else was decoded. Most code that reads many events uses few fields of each. */
  #decoded: Decoded | undefined

  constructor(bytes: Buffer, at: number, parser?: PayloadParser) {
    this.#bytes = bytes as Utf8Buffer
    this.#at = at
    this.#parser = parser
  }

  /** Another object for the same event, with its own data. */
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

  /** Its index in its commit, from 0 on. */
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

  /** Stream and type as bytes, one after the other. It gives the length of the stream and of both. */
  writeNames(into: Uint8Array, at: number): readonly [stream: number, both: number] {
    const [stream, both] = [this.#u16(30), this.#u16(30) + this.#u16(32)]
    const from = this.#at + recordFixedBytes
    into.set(this.#bytes.subarray(from, from + both), at)
    return [stream, both]
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

  /** The checksum is right and payloads are checked before they are written, so another program wrote it. */
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
