// The files of a log from outside: which there are, what their headers say, how long they are.
import { join } from 'node:path'
import { IndelibleError } from '../../kernel/errors.ts'
import { decodeHeader, type SegmentHeader, segmentHeaderBytes, segmentName } from '../format/index.ts'
import type { LogSource } from '../limits.ts'
import { lastSegment } from '../read/index.ts'

type Directory = Pick<LogSource, 'disk' | 'dir'>

/** The number of the last segment. Throws `store_missing`, `log_corrupt`. */
export async function lastSegmentOf(log: Directory): Promise<number> {
  const last = await lastSegment(log)
  if (last > 0) return last
  throw new IndelibleError('store_missing', `There is no log in ${log.dir}.`, { details: { dir: log.dir } })
}

/** The header of a segment, and how long its file is. Throws `log_corrupt`, `log_format_unknown`. */
export async function headerOf(
  { disk, dir }: Directory,
  segment: number,
): Promise<{ header: SegmentHeader; bytes: number }> {
  const file = await disk.open(join(dir, segmentName(segment)), 'read')
  try {
    const bytes = Buffer.alloc(segmentHeaderBytes)
    const header = decodeHeader(bytes.subarray(0, await file.read(bytes, 0)), segment)
    return { header, bytes: await file.size() }
  } finally {
    await file.close()
  }
}

/** The length of all segments together. */
export async function logBytes(log: Directory): Promise<number> {
  let bytes = 0
  const last = await lastSegment(log)
  for (let segment = 1; segment <= last; segment++) bytes += (await headerOf(log, segment)).bytes
  return bytes
}

/** Which segments have a file beside them: an index, or columns. */
export async function segmentsWith(ending: 'idx' | 'col', { disk, dir }: Directory): Promise<Set<number>> {
  const form = new RegExp(`^\\d{8,}\\.${ending}$`)
  const names = await disk.list(dir)
  return new Set(names.filter((name) => form.test(name)).map((name) => Number.parseInt(name, 10)))
}

/** The length of a file of the log. */
export async function sizeOf({ disk, dir }: Directory, name: string): Promise<number> {
  const file = await disk.open(join(dir, name), 'read')
  return await file.size().finally(() => file.close())
}
