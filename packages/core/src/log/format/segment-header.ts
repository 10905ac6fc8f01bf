// The files of a log are `00000001.log`, `00000002.log` and so on. Each has a header that says which segment of which log it is.
//
//   header  magic "INDELLOG", format version u32, segment number u32, first position u64, id of the log (16 bytes), zeros,
//           crc32 of all that u32; 64 bytes, little-endian
//
// Magic, format version and checksum keep their places in every later format, so that an old program can distinguish a new format from damage.
import { crc32 } from 'node:zlib'
import { IndelibleError } from '../../kernel/errors.ts'
import { readUuid, writeUuid } from '../../kernel/ids.ts'
import type { Position } from '../../kernel/positions.ts'

export const segmentHeaderBytes = 64
export const formatVersion = 2
const magic = 'INDELLOG'
const checksumAt = segmentHeaderBytes - 4

export interface SegmentHeader {
  readonly segment: number
  readonly firstPosition: Position
  /** A UUID that all segments of a log share, and no other log's. */
  readonly logId: string
}

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`
}

export function encodeHeader({ segment, firstPosition, logId }: SegmentHeader): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes)
  header.write(magic, 0)
  header.writeUInt32LE(formatVersion, 8)
  header.writeUInt32LE(segment, 12)
  header.writeBigUInt64LE(BigInt(firstPosition), 16)
  writeUuid(logId, header, 24)
  header.writeUInt32LE(crc32(header.subarray(0, checksumAt)), checksumAt)
  return header
}

/** Throws `log_corrupt` where the bytes are no header of this segment, `log_format_unknown` where it is of another format. */
export function decodeHeader(header: Buffer, segment: number): SegmentHeader {
  const fail = (problem: string) => corrupt({ segment, offset: 0 }, problem)
  if (header.length < segmentHeaderBytes || header.toString('latin1', 0, 8) !== magic) throw fail('it has no header')
  const version = header.readUInt32LE(8)
  if (crc32(header.subarray(0, checksumAt)) !== header.readUInt32LE(checksumAt)) {
    // The first format, which was never released, had its checksum elsewhere.
    throw version === 1 ? unknownFormat(segment, version) : fail('its header is damaged')
  }
  if (version !== formatVersion) throw unknownFormat(segment, version)
  if (header.readUInt32LE(12) !== segment) throw fail('it is the file of another segment')
  return { segment, firstPosition: Number(header.readBigUInt64LE(16)), logId: readUuid(header, 24) }
}

/** Throws `log_corrupt` where a header is not the one that must be there. */
export function checkHeader(header: SegmentHeader, expected: Partial<SegmentHeader>): void {
  const { segment, firstPosition, logId } = header
  const fail = (problem: string) => corrupt({ segment, offset: 0 }, problem)
  const { firstPosition: first = firstPosition, logId: id = logId } = expected
  if (logId !== id) throw fail('it belongs to another log')
  if (firstPosition !== first) throw fail(`it begins with position ${firstPosition} where ${first} must follow`)
}

function unknownFormat(segment: number, format: number): IndelibleError {
  const file = segmentName(segment)
  return new IndelibleError(
    'log_format_unknown',
    `${file} has log format ${format}; this version of Indelible knows format ${formatVersion}.`,
    { details: { file, format } },
  )
}

export function corrupt({ segment, offset }: { segment: number; offset: number }, problem: string): IndelibleError {
  const file = segmentName(segment)
  return new IndelibleError('log_corrupt', `${file} is damaged at byte ${offset}: ${problem}. Nothing was changed.`, {
    details: { file, offset },
  })
}
