// Events as COPY sends them in its binary format (https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4): they stay bytes until somebody looks
// at one.
import { type Instant, instant, type RecordedEvent, type StreamName } from 'indelible'
import { jsonContentType, readUuid, recordedEvent, uuidBytes } from 'indelible/adapter'
import { replayedBytesMax } from '../limits.ts'

/** In this order, and the first ones of a fixed length, so that they are at the same place in each row. */
export const copiedColumns =
  'position, stream, kind, version, schema_version, recorded_at, id, metadata, data, content_type, valid_at, array_to_json(tags)::text'

const at = {
  position: 6,
  stream: 18,
  kind: 30,
  version: 38,
  schemaVersion: 46,
  recordedAt: 54,
  id: 66,
  rest: 82,
} as const
/** What comes before the first row. */
export const copyHeaderBytes = 19
/** Postgres counts microseconds since 2000. */
const epoch2000Ms = Date.UTC(2000, 0)

/** The rows of one COPY. */
export class CopiedRows {
  #bytes: Buffer
  #end = 0
  #isFirst = true
  readonly #starts: number[] = []
  #lastMs = -1
  #lastInstant: Instant = ''

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size)
  }

  static readonly TooMuch = class extends Error {}

  get length(): number {
    return this.#starts.length
  }

  /** The bytes of all rows. */
  get size(): number {
    return this.#end
  }

  /** Takes a message of COPY: a row, with the header before the first one, or the end. Throws `TooMuch`. */
  add = (chunk: Buffer): void => {
    const from = this.#isFirst ? copyHeaderBytes : 0
    this.#isFirst = false
    if (chunk.readInt16BE(from) === -1) return
    const length = chunk.length - from
    if (this.#end + length > replayedBytesMax && this.length > 0) throw new CopiedRows.TooMuch()
    if (this.#end + length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#end + length))
      this.#bytes.copy(larger, 0, 0, this.#end)
      this.#bytes = larger
    }
    chunk.copy(this.#bytes, this.#end, from)
    this.#starts.push(this.#end)
    this.#end += length
  }

  position(row: number): number {
    return this.#int8(this.#starts[row]! + at.position)
  }

  streamNumber(row: number): number {
    return this.#int8(this.#starts[row]! + at.stream)
  }

  kind(row: number): number {
    return this.#bytes.readInt32BE(this.#starts[row]! + at.kind)
  }

  schemaVersion(row: number): number {
    return this.#bytes.readInt32BE(this.#starts[row]! + at.schemaVersion)
  }

  /** A new event each time, with bytes of its own. */
  event(row: number, { stream, type }: { readonly stream: StreamName; readonly type: string }): RecordedEvent {
    const start = this.#starts[row]!
    let next = start + at.rest
    const field = () => {
      const length = this.#bytes.readInt32BE(next)
      next += 4
      if (length < 0) return undefined
      next += length
      return this.#bytes.subarray(next - length, next)
    }
    const [metadata, data, contentType, validAt, tags] = [field(), field(), field(), field(), field()]
    return recordedEvent({
      id: readUuid(this.#bytes, start + at.id),
      stream,
      version: this.#bytes.readInt32BE(start + at.version),
      position: this.#int8(start + at.position),
      type,
      schemaVersion: this.#bytes.readInt32BE(start + at.schemaVersion),
      contentType: contentType?.toString() ?? jsonContentType,
      dataBytes: new Uint8Array(data!),
      metadataBytes: new Uint8Array(metadata!),
      tags: tags === undefined ? [] : JSON.parse(tags.toString()),
      recordedAt: this.#instant(this.#int8(start + at.recordedAt)),
      validAt: validAt?.toString(),
    })
  }

  recordedAtMs(row: number): number {
    return epoch2000Ms + this.#int8(this.#starts[row]! + at.recordedAt) / 1000
  }

  writeId(row: number, into: Uint8Array, place: number): void {
    const start = this.#starts[row]! + at.id
    into.set(this.#bytes.subarray(start, start + uuidBytes), place)
  }

  /** Many events share a millisecond. */
  #instant(microseconds: number): Instant {
    const ms = epoch2000Ms + microseconds / 1000
    if (ms !== this.#lastMs) this.#lastInstant = instant(ms)
    this.#lastMs = ms
    return this.#lastInstant
  }

  #int8(offset: number): number {
    return this.#bytes.readInt32BE(offset) * 0x1_0000_0000 + this.#bytes.readUInt32BE(offset + 4)
  }
}
