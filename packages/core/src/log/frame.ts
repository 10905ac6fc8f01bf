// A frame is what one group commit writes: commits that become durable together, under one checksum.
//
//   frame   magic "FRME" u32, crc32 u32, length of the body u32, commits u32, first position u64, body, zeros up to a multiple of 8
//   body    commits: command id text (empty: none), recorded at u64 (ms), events u32, then the events
//   event   length u32, id text, stream text, version u64, type text, schema version u16, content type text (empty: application/json),
//           valid at text (empty: none), tags u8 and as many texts, metadata blob, data blob
//
// Little-endian; a text is u16 bytes and UTF-8, a blob u32 bytes. A position follows from its place in the frame. A mark is a frame without
// a body that says what became of the log there: "CLSD" it was closed in order, "SEAL" it goes on in the next segment.
//
// The checksum goes over the text "<segment>:<offset>" and everything after itself: bytes count as a frame only at the place they were written
// for, so that an event whose data is a piece of some log never passes for a piece of this one.
import { crc32 } from 'node:zlib'
import { jsonContentType, type StoredFields } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import { instant } from '../kernel/time.ts'
import { ByteReader } from './bytes.ts'

export const frameHeaderBytes = 24
/** Every frame begins at a multiple of this. */
export const frameAlignment = 8
const crcAt = 4
const checkedFrom = 8
const magics = { commits: magic('FRME'), closed: magic('CLSD'), sealed: magic('SEAL') }

export type FrameKind = keyof typeof magics
export type Mark = Exclude<FrameKind, 'commits'>

/** Where a frame is: its checksum depends on it. */
export interface Place {
  readonly segment: number
  readonly offset: number
}

export function encodeMark(kind: Mark, place: Place, nextPosition: Position): Buffer {
  return completed(Buffer.alloc(frameHeaderBytes), { kind, commits: 0, firstPosition: nextPosition, place })
}

/** Fills in the header, for which the bytes leave room. */
export function completed(
  bytes: Buffer,
  { kind, commits, firstPosition, place }: { kind: FrameKind; commits: number; firstPosition: Position; place: Place },
): Buffer {
  bytes.writeUInt32LE(magics[kind], 0)
  bytes.writeUInt32LE(bytes.length - frameHeaderBytes, 8)
  bytes.writeUInt32LE(commits, 12)
  bytes.writeBigUInt64LE(BigInt(firstPosition), 16)
  bytes.writeUInt32LE(checksum(bytes, place), crcAt)
  return bytes
}

/** True where a frame may begin; only its checksum proves it. */
export function seemsFrame(bytes: Buffer, at = 0): boolean {
  const first = bytes.readUInt32LE(at)
  return first === magics.commits || first === magics.closed || first === magics.sealed
}

/** The length that a frame claims in its header, or nothing where none begins. */
export function claimedLength(header: Buffer): number | undefined {
  if (header.length < frameHeaderBytes || !seemsFrame(header)) return undefined
  const length = frameHeaderBytes + header.readUInt32LE(8)
  return length % frameAlignment === 0 ? length : undefined
}

export function isFrame(bytes: Buffer, place: Place): boolean {
  return claimedLength(bytes) === bytes.length && checksum(bytes, place) === bytes.readUInt32LE(crcAt)
}

function checksum(bytes: Buffer, { segment, offset }: Place): number {
  return crc32(bytes.subarray(checkedFrom), crc32(`${segment}:${offset}`))
}

/** A commit of a frame. Its events are those at the indexes from `first` on. */
export interface CommitEntry {
  readonly commandId: string | undefined
  readonly recordedAtMs: number
  readonly first: number
  readonly events: number
}

/** A frame taken apart. It looks into the bytes it was made from. Making it throws a RangeError where lengths do not fit together. */
export class Frame {
  readonly kind: FrameKind
  readonly firstPosition: Position
  readonly commits: readonly CommitEntry[]
  readonly #bytes: Buffer
  /** Of each event: where it begins, and the commit it belongs to. */
  readonly #starts: number[] = []
  readonly #commitOf: CommitEntry[] = []

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    const first = bytes.readUInt32LE(0)
    this.kind = first === magics.commits ? 'commits' : first === magics.closed ? 'closed' : 'sealed'
    this.firstPosition = Number(bytes.readBigUInt64LE(16))
    const reader = new ByteReader(bytes, frameHeaderBytes)
    const commits: CommitEntry[] = []
    if (this.kind === 'commits' && bytes.readUInt32LE(12) === 0) throw new RangeError('it has no commit')
    for (let left = bytes.readUInt32LE(12); left > 0; left--) commits.push(this.#commit(reader))
    this.commits = commits
  }

  get bytes(): number {
    return this.#bytes.length
  }

  get events(): number {
    return this.#starts.length
  }

  get lastPosition(): Position {
    return this.firstPosition + this.#starts.length - 1
  }

  /** A copy of one event, which becomes the caller's. */
  event(index: number): StoredFields {
    const reader = new ByteReader(this.#bytes, this.#starts[index]!)
    const id = reader.text()
    const stream = reader.text() as StreamName
    const version = reader.u64()
    const type = reader.text()
    const schemaVersion = reader.u16()
    const contentType = reader.text() || jsonContentType
    const validAt = reader.text() || undefined
    const tags: string[] = []
    for (let left = reader.u8(); left > 0; left--) tags.push(reader.text())
    const metadataBytes = reader.blob()
    const dataBytes = reader.blob()
    const position = this.firstPosition + index
    const recordedAt = instant(this.#commitOf[index]!.recordedAtMs)
    return {
      id,
      stream,
      version,
      position,
      type,
      schemaVersion,
      contentType,
      dataBytes,
      metadataBytes,
      tags,
      recordedAt,
      validAt,
    }
  }

  #commit(reader: ByteReader): CommitEntry {
    const commandId = reader.text() || undefined
    const recordedAtMs = reader.u64()
    const events = reader.u32()
    const first = this.#starts.length
    const commit = { commandId, recordedAtMs, first, events }
    for (let left = events; left > 0; left--) {
      const length = reader.u32()
      this.#starts.push(reader.skip(length))
      this.#commitOf.push(commit)
    }
    return commit
  }
}

function magic(text: string): number {
  return Buffer.from(text).readUInt32LE()
}
