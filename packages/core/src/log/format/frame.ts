// A frame is what one group commit writes: commits that become durable together, under one checksum.
//
//   frame   magic "FRME" u32, crc32 u32, length of the body u32, events u32, first position u64, body, zeros up to a multiple of 8
//   body    the records of the events, one behind the other
//
// Little-endian. A mark is a frame without a body: "CLSD" says that the log was closed in order there, "SEAL" that it continues in the next segment. The
// first position of a mark is that of the next event.
//
// The checksum covers the text "<segment>:<offset>" and everything after the checksum. So bytes are a frame only at the place they were written for, and an
// event whose data is a piece of a log is never taken for a piece of this log.
import { crc32 } from 'node:zlib'
import type { Position } from '../../kernel/positions.ts'
import { LogEvent } from './log-event.ts'
import { checkRecord, readU48 } from './record.ts'

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

/** Where a frame is, and which events it has. */
export interface FramePlace extends Place {
  readonly length: number
  readonly firstPosition: Position
}

/** A frame with the places of its records in it. */
export interface PlacedFrame extends FramePlace {
  readonly starts: readonly number[]
}

export function encodeMark(kind: Mark, place: Place, nextPosition: Position): Buffer {
  return completed(Buffer.alloc(frameHeaderBytes), { kind, events: 0, firstPosition: nextPosition, place })
}

/** Fills in the header, for which the bytes leave room. */
export function completed(
  bytes: Buffer,
  { kind, events, firstPosition, place }: { kind: FrameKind; events: number; firstPosition: Position; place: Place },
): Buffer {
  bytes.writeUInt32LE(magics[kind], 0)
  bytes.writeUInt32LE(bytes.length - frameHeaderBytes, 8)
  bytes.writeUInt32LE(events, 12)
  bytes.writeBigUInt64LE(BigInt(firstPosition), 16)
  bytes.writeUInt32LE(checksum(bytes, place), crcAt)
  return bytes
}

/** True where a frame may begin; only its checksum proves it. */
export function seemsFrame(bytes: Buffer, at = 0): boolean {
  const first = bytes.readUInt32LE(at)
  return first === magics.commits || first === magics.closed || first === magics.sealed
}

/** The length that a frame claims in its header. Undefined when no frame begins there. */
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

/** A frame whose checksum is right. It is a view of the bytes it was made from. */
export class Frame {
  readonly kind: FrameKind
  readonly bytes: Buffer
  readonly events: number
  readonly firstPosition: Position
  /** Of the last record. */
  lastRecordedAtMs = 0

  constructor(bytes: Buffer) {
    const first = bytes.readUInt32LE(0)
    this.kind = first === magics.commits ? 'commits' : first === magics.closed ? 'closed' : 'sealed'
    this.bytes = bytes
    this.events = bytes.readUInt32LE(12)
    this.firstPosition = Number(bytes.readBigUInt64LE(16))
  }

  get lastPosition(): Position {
    return this.firstPosition + this.events - 1
  }

  /** Where each record begins. Throws a RangeError where the body is not that many records, in commits, one position after the other. */
  starts(): number[] {
    const { bytes, events } = this
    if ((this.kind === 'commits') !== events > 0) throw new RangeError('its number of events is wrong')
    // A frame may claim more events than it has bytes for, so the list grows as they are found.
    const starts: number[] = []
    let at = frameHeaderBytes
    let nextInCommit = 0
    for (let index = 0; index < events; index++) {
      const length = checkRecord(bytes, at, bytes.length)
      if (readU48(bytes, at + 4) !== this.firstPosition + index) throw new RangeError('a position does not follow')
      const commitIndex = bytes[at + 24]! | (bytes[at + 25]! << 8)
      if (commitIndex !== nextInCommit) throw new RangeError('a commit is cut off')
      nextInCommit = commitIndex + 1 === (bytes[at + 26]! | (bytes[at + 27]! << 8)) ? 0 : commitIndex + 1
      if (index + 1 === events) this.lastRecordedAtMs = readU48(bytes, at + 16)
      starts.push(at)
      at += length
    }
    if (nextInCommit !== 0 || bytes.length - at >= frameAlignment)
      throw new RangeError('its end is not where its records end')
    return starts
  }

  /** The events whose records begin there. */
  event(start: number): LogEvent {
    return new LogEvent(this.bytes, start)
  }
}

function magic(text: string): number {
  return Buffer.from(text).readUInt32LE()
}
