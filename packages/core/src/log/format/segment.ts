// The files of a log: `00000001.log`, `00000002.log` and so on, each with a header that says what it is.
//
//   header  magic "INDELLOG", format version u32, segment number u32, first position u64, id of the log (16 bytes), zeros,
//           crc32 of all that u32; 64 bytes, little-endian
//
// Magic, format version and checksum keep their places in every later format, so that an old program can tell a new format from damage.
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { IndelibleError } from '../../kernel/errors.ts'
import { readUuid, writeUuid } from '../../kernel/ids.ts'
import type { Position } from '../../kernel/positions.ts'
import { type DiskFile, orClosed } from '../disk/disk.ts'
import type { LogSource } from '../limits.ts'

export const segmentHeaderBytes = 64
export const formatVersion = 2
const magic = 'INDELLOG'
const checksumAt = segmentHeaderBytes - 4
const nameForm = /^(\d{8,})\.log$/
const unfinishedForm = /^\d{8,}\.(log|(idx|col)\.\d+-\d+)\.new$/

export interface SegmentHeader {
  readonly segment: number
  readonly firstPosition: Position
  /** A UUID that all segments of a log share, and no other log's. */
  readonly logId: string
}

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`
}

/** The number of the last segment in a directory, 0 if there is none. Throws `log_corrupt` where one before it is missing. */
export async function lastSegment(log: Pick<LogSource, 'disk' | 'dir'>): Promise<number> {
  const numbers = await segmentNumbers(log)
  const last = Math.max(0, ...numbers)
  if (firstGap(numbers, last) === undefined) return last
  // A name that is given while the directory is read may be missed, though a later one is seen. Whoever looks again sees it.
  const missing = firstGap(await segmentNumbers(log), last)
  if (missing !== undefined) throw corrupt({ segment: missing, offset: 0 }, 'the file is missing')
  return last
}

async function segmentNumbers({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>): Promise<Set<number>> {
  const numbers = (await disk.list(dir)).map((name) => Number(nameForm.exec(name)?.[1]))
  return new Set(numbers.filter((number) => number > 0))
}

function firstGap(numbers: ReadonlySet<number>, last: number): number | undefined {
  for (let number = 1; number <= last; number++) if (!numbers.has(number)) return number
  return undefined
}

/** Takes away what a process that died was still making. A file of the log never has such a name. */
export async function removeUnfinished({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>): Promise<void> {
  for (const name of await disk.list(dir)) if (unfinishedForm.test(name)) await disk.remove(join(dir, name))
}

/**
 * Makes a segment that never is seen without its header, and opens it before it is seen at all: once it has its name, all that is left to do is
 * to make that durable, which is the caller's. Where that name was given by an earlier try, though it failed, the file that has it is taken up.
 */
export async function createSegment({ disk, dir }: LogSource, header: SegmentHeader): Promise<DiskFile> {
  const path = join(dir, segmentName(header.segment))
  if (disk.hasNow(path)) return await openFresh({ disk, dir }, header)
  const temporary = `${path}.new`
  try {
    const made = await disk.open(temporary, 'create')
    try {
      await made.write(encodeHeader(header), 0)
      await made.sync()
    } finally {
      await made.close()
    }
    const file = await disk.open(temporary, 'write')
    return await orClosed(file, async () => {
      await disk.rename(temporary, path)
      return file
    })
  } catch (error) {
    await disk.remove(temporary).catch(() => {})
    throw error
  }
}

/** Opens a segment that has nothing but the header that it must have. Throws `log_corrupt` where that is not so. */
async function openFresh({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>, header: SegmentHeader): Promise<DiskFile> {
  const { segment } = header
  const file = await disk.open(join(dir, segmentName(segment)), 'write')
  return await orClosed(file, async () => {
    const found = Buffer.alloc(segmentHeaderBytes + 1)
    const length = await file.read(found, 0)
    if (length === segmentHeaderBytes && found.subarray(0, length).equals(encodeHeader(header))) return file
    throw corrupt({ segment, offset: 0 }, 'it is there before the log has come to it')
  })
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
