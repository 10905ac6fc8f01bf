// Writes an event as a record (see record.ts).
import type { EncodedEvent, Payload } from '../../kernel/encoding.ts'
import { jsonContentType } from '../../kernel/events.ts'
import { type IdWriter, writeUuid } from '../../kernel/ids.ts'
import type { Position, Version } from '../../kernel/positions.ts'
import { hasContentType, hasValidAt, recordFixedBytes, type Utf8Buffer, u32 } from './record.ts'

const shortText = 40

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
