// The files of a log: `00000001.log`, `00000002.log` and so on, each with a header that says what it is.
//
//   header  magic "INDELLOG", format version u32, segment number u32, first position u64, zero u32, crc32 of all that u32
//
// These 32 bytes stay as they are in every later format, so that an old program can tell a new format from damage.
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import type { DiskFile } from './disk.ts'
import type { LogSource } from './limits.ts'

export const segmentHeaderBytes = 32
const formatVersion = 1
const magic = 'INDELLOG'
const nameForm = /^(\d{8,})\.log$/

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`
}

/** The number of the last segment in a directory, 0 if there is none. Throws `log_corrupt` where one before it is missing. */
export async function lastSegment({ disk, dir }: Pick<LogSource, 'disk' | 'dir'>): Promise<number> {
  const found = (await disk.list(dir)).map((name) => Number(nameForm.exec(name)?.[1])).filter((number) => number > 0)
  const numbers = new Set(found)
  const last = Math.max(0, ...numbers)
  for (let number = 1; number < last; number++) {
    if (!numbers.has(number)) throw corrupt({ segment: number, offset: 0 }, 'the file is missing')
  }
  return last
}

/** Makes a segment that never is seen without its header. The caller makes its name durable. */
export async function createSegment(
  { disk, dir }: LogSource,
  { segment, firstPosition }: { segment: number; firstPosition: Position },
): Promise<DiskFile> {
  const path = join(dir, segmentName(segment))
  const file = await disk.open(`${path}.new`, 'create')
  try {
    await file.write(encodeHeader(segment, firstPosition), 0)
    await file.sync()
    await disk.rename(`${path}.new`, path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

function encodeHeader(segment: number, firstPosition: Position): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes)
  header.write(magic, 0)
  header.writeUInt32LE(formatVersion, 8)
  header.writeUInt32LE(segment, 12)
  header.writeBigUInt64LE(BigInt(firstPosition), 16)
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28)
  return header
}

/** Throws `log_corrupt` where the header is not the one this segment must have, `log_format_unknown` where it is of a later format. */
export function checkHeader(header: Buffer, segment: number, firstPosition: Position): void {
  const fail = (problem: string) => corrupt({ segment, offset: 0 }, problem)
  const whole = header.length === segmentHeaderBytes && header.toString('latin1', 0, 8) === magic
  if (!whole || crc32(header.subarray(0, 28)) !== header.readUInt32LE(28)) throw fail('its header is damaged')
  const version = header.readUInt32LE(8)
  if (version > formatVersion) {
    throw new IndelibleError(
      'log_format_unknown',
      `${segmentName(segment)} has log format ${version}; this version of Indelible knows formats up to ${formatVersion}.`,
      { details: { file: segmentName(segment), format: version } },
    )
  }
  if (header.readUInt32LE(12) !== segment) throw fail('it is the file of another segment')
  const first = Number(header.readBigUInt64LE(16))
  if (first !== firstPosition) throw fail(`it begins with position ${first} where ${firstPosition} must follow`)
}

export function corrupt({ segment, offset }: { segment: number; offset: number }, problem: string): IndelibleError {
  const file = segmentName(segment)
  return new IndelibleError('log_corrupt', `${file} is damaged at byte ${offset}: ${problem}. Nothing was changed.`, {
    details: { file, offset },
  })
}
