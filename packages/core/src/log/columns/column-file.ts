// The replay columns of one segment, as a file beside it: `00000001.col`. It can be deleted and rebuilt from the segment at any time.
//
//   header     magic "INDELCOL", format version u32, segment u32, id of the log (16 bytes), first position u64, events u32, crc32 of the last
//              record u32, sections u32, length of the plan u32, length of the file u32, crc32 of all that and of what follows up to the end of
//              the plan u32; 64 bytes
//   directory  for each section where it begins u32, its length u32, its crc32 u32
//   plan       JSON that says which section is what (`Plan`)
//   sections   each at a multiple of 8, in order, with zeros between
//
// Little-endian. What a section holds depends on the column that it belongs to; it is read only when it is needed.
import { crc32 } from 'node:zlib'
import { readUuid, uuidBytes, writeUuid } from '../../kernel/ids.ts'
import type { Position } from '../../kernel/positions.ts'
import { segmentName } from '../format/index.ts'
import { letGo } from './growing.ts'

export const columnsFormatVersion = 1
export const headerBytes = 64
const magic = 'INDELCOL'
const lineBytes = 12
const checksumAt = headerBytes - 4
const alignment = 8
/** Small sections are written together. */
const pieceBytesMax = 1024 * 1024

/** The number of a section. */
export type Section = number

/** The sections of a file that is being made. */
export class SectionList {
  readonly all: Uint8Array[] = []

  /** Takes the array over, which must have its memory for itself. */
  add(values: ArrayBufferView): Section {
    return this.all.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) - 1
  }
}

/** Texts, one behind the other, as units of one byte (Latin-1) or two (UTF-16), and where each begins. */
export interface TextPlan {
  readonly count: number
  readonly wide: boolean
  /** u32 for each text and one for the end, in units. */
  readonly offsets: Section
  readonly units: Section
}

export type NumberKind = 'u8' | 'i8' | 'u16' | 'i16' | 'i32' | 'f64'

/** How the values of a column are stored; those that `nulls` marks (a byte each) are null, whatever their place contains. */
export type ColumnPlan =
  | { readonly is: 'constant'; readonly value: string | number | boolean | null }
  | { readonly is: NumberKind; readonly values: Section; readonly nulls?: Section }
  /** A byte each, 1 for true. */
  | { readonly is: 'bool'; readonly values: Section; readonly nulls?: Section }
  | { readonly is: 'text' | 'json'; readonly texts: TextPlan; readonly nulls?: Section }
  /** Each value is the number of a text, u8 where there are at most 256, otherwise u16. */
  | { readonly is: 'choice'; readonly choices: TextPlan; readonly values: Section; readonly nulls?: Section }
  /** Only the log has them: bytes that are not JSON. */
  | { readonly is: 'log' }

/** What values of one shape have in common: the keys of an object in their order, and for each what is in it; or a column. */
export type ShapePlan = { readonly fields: readonly (readonly [string, ShapePlan])[] } | ColumnPlan

/** The payloads of a type, each of one of some shapes. A shape has its values in the order of the events, without those of other shapes. */
export interface PayloadPlan {
  readonly shapeOf: ColumnPlan
  readonly shapes: readonly { readonly count: number; readonly shape: ShapePlan }[]
}

export interface TypePlan {
  readonly name: string
  readonly events: number
  readonly data: PayloadPlan
  readonly metadata: PayloadPlan
}

export interface Plan {
  /** In the order in which they first occur. */
  readonly types: readonly TypePlan[]
  /**
   * The ids of streams (what comes after the category) in the order of their keys: the first 128 bits of the SHA-256 of their UTF-8. `keys` has each as
   * four u32, the highest first.
   */
  readonly streams: { readonly count: number; readonly keys: Section; readonly id: TextPlan }
  /** What is said of each event. Events lie by stream id, in the order of the keys, and those of one id in the order of the log. */
  readonly events: {
    readonly type: ColumnPlan
    /** The number of its stream id. */
    readonly stream: ColumnPlan
    /** Its number in the segment in the order of the log, from 0 on. */
    readonly position: ColumnPlan
    readonly category: ColumnPlan
    readonly version: ColumnPlan
    /** After that of the first event, in ms. */
    readonly recordedAt: ColumnPlan
    readonly schemaVersion: ColumnPlan
    readonly contentType: ColumnPlan
    readonly validAt: ColumnPlan
    /** As the text of a JSON array. */
    readonly tags: ColumnPlan
    /** 16 bytes each. */
    readonly id: Section
  }
  /** Of the first event, in ms. */
  readonly recordedFrom: number
}

/** Which segment columns are of. They are believed only where all of it is right. */
export interface ColumnsOwner {
  readonly segment: number
  readonly logId: string
  readonly firstPosition: Position
  readonly events: number
  /** Of the last event. */
  readonly lastRecordCrc: number
}

export interface SectionSpot {
  readonly offset: number
  readonly length: number
  readonly crc: number
}

export interface ColumnsHeader {
  readonly owner: ColumnsOwner
  readonly sections: readonly SectionSpot[]
  readonly plan: Plan
  /** Of the file. */
  readonly bytes: number
}

export function columnsName(segment: number): string {
  return segmentName(segment).replace('.log', '.col')
}

/** The bytes of a file, in pieces. The sections are gone then. */
export function* encodeColumns(owner: ColumnsOwner, plan: Plan, sections: SectionList): Generator<Buffer> {
  const planText = Buffer.from(JSON.stringify(plan))
  const count = sections.all.length
  const header = Buffer.alloc(headerBytes + lineBytes * count + planText.length)
  let end = header.length
  sections.all.forEach((bytes, index) => {
    const line = headerBytes + lineBytes * index
    const offset = aligned(end)
    header.writeUInt32LE(offset, line)
    header.writeUInt32LE(bytes.length, line + 4)
    header.writeUInt32LE(crc32(bytes), line + 8)
    end = offset + bytes.length
  })
  header.write(magic, 0)
  header.writeUInt32LE(columnsFormatVersion, 8)
  header.writeUInt32LE(owner.segment, 12)
  writeUuid(owner.logId, header, 16)
  header.writeBigUInt64LE(BigInt(owner.firstPosition), 32)
  const numbers = [owner.events, owner.lastRecordCrc, count, planText.length, end]
  numbers.forEach((number, index) => void header.writeUInt32LE(number, 40 + 4 * index))
  header.set(planText, header.length - planText.length)
  header.writeUInt32LE(headerChecksum(header), checksumAt)
  yield* inPieces([header, ...sections.all])
}

/** Each part at a place that is aligned, and all of them in few pieces. */
function* inPieces(parts: readonly Uint8Array[]): Generator<Buffer> {
  let gathered: Uint8Array[] = []
  let bytes = 0
  let end = 0
  for (const part of parts) {
    const padding = aligned(end) - end
    if (bytes > 0 && bytes + padding + part.length > pieceBytesMax) {
      yield joined(gathered)
      gathered = []
      bytes = 0
    }
    gathered.push(Buffer.alloc(padding), part)
    bytes += padding + part.length
    end += padding + part.length
  }
  yield joined(gathered)
}

function joined(parts: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(parts)
  for (const part of parts) letGo(part)
  return bytes
}

/** How long the header with directory and plan is, or nothing where no file of columns begins. */
export function claimedHeaderBytes(start: Buffer): number | undefined {
  if (start.length < headerBytes || start.toString('latin1', 0, 8) !== magic) return undefined
  if (start.readUInt32LE(8) !== columnsFormatVersion) return undefined
  return headerBytes + lineBytes * start.readUInt32LE(48) + start.readUInt32LE(52)
}

/** Nothing where the bytes, as many as they claim, are not as they were written. */
export function decodeColumnsHeader(bytes: Buffer): ColumnsHeader | undefined {
  if (headerChecksum(bytes) !== bytes.readUInt32LE(checksumAt)) return undefined
  const count = bytes.readUInt32LE(48)
  const sections = Array.from({ length: count }, (_, index) => {
    const line = headerBytes + lineBytes * index
    return {
      offset: bytes.readUInt32LE(line),
      length: bytes.readUInt32LE(line + 4),
      crc: bytes.readUInt32LE(line + 8),
    }
  })
  return {
    owner: {
      segment: bytes.readUInt32LE(12),
      logId: readUuid(bytes.subarray(16, 16 + uuidBytes), 0),
      firstPosition: Number(bytes.readBigUInt64LE(32)),
      events: bytes.readUInt32LE(40),
      lastRecordCrc: bytes.readUInt32LE(44),
    },
    sections,
    plan: JSON.parse(bytes.toString('utf8', headerBytes + lineBytes * count)) as Plan,
    bytes: bytes.readUInt32LE(56),
  }
}

export function isOwner(found: ColumnsOwner, expected: ColumnsOwner): boolean {
  return (
    found.segment === expected.segment &&
    found.logId === expected.logId &&
    found.firstPosition === expected.firstPosition &&
    found.events === expected.events &&
    found.lastRecordCrc === expected.lastRecordCrc
  )
}

function headerChecksum(header: Buffer): number {
  return crc32(header.subarray(headerBytes), crc32(header.subarray(0, checksumAt)))
}

function aligned(offset: number): number {
  return Math.ceil(offset / alignment) * alignment
}
