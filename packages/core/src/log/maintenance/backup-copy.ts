// The steps of a backup: what a segment of the log has, what the copy has of it, and how the copy is brought up to date in one atomic step.
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { DiskFile } from '../disk/index.ts'
import { encodeHeader, type SegmentHeader, segmentHeaderBytes, segmentName } from '../format/index.ts'
import { buildIndex, indexName } from '../index/index.ts'
import type { LogSource } from '../limits.ts'
import { LogReader } from '../read/index.ts'
import { segmentsWith } from './segment-files.ts'
import { StoredIndex } from './stored-index.ts'

const chunkBytes = 1024 * 1024

/** The content of a segment, up to its seal or up to the last frame that is written. */
export interface SegmentContent {
  readonly header: SegmentHeader
  /** Where the last frame ends, the seal left out. */
  readonly end: number
  /** Where the last frame with commits ends. */
  readonly commitsEnd: number
  /** Of all bytes up to the end. */
  readonly crc: number
  /** The mark that says that the next segment follows. */
  readonly seal: Buffer | undefined
  readonly lastPosition: Position
  /** Of the last event; 0 where there is none. */
  readonly lastRecordedAtMs: number
}

/** Reads and checks all frames of a segment. Throws `log_corrupt`. */
export async function contentOf(log: LogSource, header: SegmentHeader): Promise<SegmentContent> {
  const { segment } = header
  const start = { ...header, offset: segmentHeaderBytes, after: header.firstPosition - 1 }
  const reader = await LogReader.open(log, start)
  try {
    let crc = crc32(encodeHeader(header))
    let [end, commitsEnd, lastPosition, lastRecordedAtMs] = [start.offset, start.offset, start.after, 0]
    let seal: Buffer | undefined
    for (let next = await reader.nextFrame(); next?.place.segment === segment; next = await reader.nextFrame()) {
      const { frame } = next
      if (frame.kind === 'sealed') {
        seal = Buffer.from(frame.bytes)
        continue
      }
      crc = crc32(frame.bytes, crc)
      end = next.place.offset + frame.bytes.length
      if (frame.kind !== 'commits') continue
      commitsEnd = end
      lastPosition = frame.lastPosition
      lastRecordedAtMs = frame.lastRecordedAtMs
    }
    if (reader.header.segment === segment) {
      await reader.tail()
      // The writer may not have synced it yet, and a backup must never have an event that the log then loses.
      await reader.sync()
    }
    return { header, end, commitsEnd, crc, seal, lastPosition, lastRecordedAtMs }
  } finally {
    await reader.close()
  }
}

/** Puts a segment into the copy, without its seal: whole, checked and durable, or not at all. */
export async function copySegment(
  source: LogSource,
  copy: LogSource,
  { content, onBytes }: { content: SegmentContent; onBytes: (bytes: number) => void },
): Promise<void> {
  const name = segmentName(content.header.segment)
  const from = await source.disk.open(join(source.dir, name), 'read')
  try {
    await replaced(copy, name, async (to) => {
      for (let at = 0; at < content.end; at += chunkBytes) {
        const bytes = Buffer.allocUnsafe(Math.min(chunkBytes, content.end - at))
        await to.write(bytes.subarray(0, await from.read(bytes, at)), at)
        onBytes(at + bytes.length)
      }
      await to.sync()
      if ((await checksumOf(to, content.end)) === content.crc) return
      throw new IndelibleError(
        'io_failed',
        `What was written to ${join(copy.dir, name)} is not what was read from the log.`,
      )
    })
  } finally {
    await from.close()
  }
}

/** Writes the seal, once the next segment is there: a sealed segment without a next one is a log that lost a file. */
export async function addSeal({ disk, dir }: LogSource, { header, end, seal }: SegmentContent): Promise<void> {
  if (!seal) return
  const file = await disk.open(join(dir, segmentName(header.segment)), 'write')
  try {
    await file.write(seal, end)
  } finally {
    await file.close()
  }
}

/** Gives a sealed segment of the copy its index, unless it has one: the index of the log if that is whole, otherwise a new one. True when it had none. */
export async function copyIndex(
  source: LogSource,
  copy: LogSource,
  { header, lastPosition }: { header: SegmentHeader; lastPosition: Position },
): Promise<boolean> {
  const { segment } = header
  if ((await wholeIndex(copy, { header, lastPosition }, 'header')) !== undefined) return false
  const bytes = await wholeIndex(source, { header, lastPosition }, 'all')
  if (bytes) {
    await replaced(copy, indexName(segment), async (to) => {
      await to.write(bytes, 0)
      await to.sync()
    })
  } else await buildIndex(copy, { segment, lastPosition })
  return true
}

/** The index of a segment, if it has all of its events. */
async function wholeIndex(
  log: LogSource,
  { header, lastPosition }: { header: SegmentHeader; lastPosition: Position },
  check: 'header' | 'all',
): Promise<Buffer | undefined> {
  if (!(await segmentsWith('idx', log)).has(header.segment)) return undefined
  const stored = await StoredIndex.open(log, header.segment)
  try {
    const index = stored.headerOf(header)
    const isComplete =
      index?.firstPosition === header.firstPosition && index.firstPosition + index.events - 1 === lastPosition
    if (!isComplete) return undefined
    return check === 'all' ? await stored.whole(index) : Buffer.alloc(0)
  } finally {
    await stored.close()
  }
}

/** Replaces the content of a file through a temporary file. The caller makes the name durable. */
async function replaced(
  { disk, dir }: LogSource,
  name: string,
  write: (file: DiskFile) => Promise<void>,
): Promise<void> {
  const temporary = `${join(dir, name)}.new`
  try {
    const file = await disk.open(temporary, 'create')
    await write(file).finally(() => file.close())
  } catch (error) {
    await disk.remove(temporary).catch(() => {})
    throw error
  }
  await disk.rename(temporary, join(dir, name))
}

async function checksumOf(file: DiskFile, end: number): Promise<number | undefined> {
  const bytes = Buffer.allocUnsafe(chunkBytes)
  let crc = 0
  for (let at = 0; at < end; ) {
    const read = await file.read(bytes.subarray(0, Math.min(chunkBytes, end - at)), at)
    if (read === 0) return undefined
    crc = crc32(bytes.subarray(0, read), crc)
    at += read
  }
  return crc
}

/** The first byte before an end in which two files of a segment differ. Undefined when they do not differ. */
export async function firstDifference(
  a: LogSource,
  b: LogSource,
  { segment, from = 0, to }: { segment: number; from?: number; to: number },
): Promise<number | undefined> {
  const name = segmentName(segment)
  const files = [await a.disk.open(join(a.dir, name), 'read')]
  try {
    files.push(await b.disk.open(join(b.dir, name), 'read'))
    const [left, right] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)]
    for (let at = from; at < to; at += chunkBytes) {
      const length = Math.min(chunkBytes, to - at)
      const [ofA, ofB] = [left.subarray(0, length), right.subarray(0, length)]
      const read = Math.min(await files[0]!.read(ofA, at), await files[1]!.read(ofB, at))
      let same = 0
      if (read === length && ofA.equals(ofB)) continue
      while (same < read && ofA[same] === ofB[same]) same++
      return at + same
    }
    return undefined
  } finally {
    for (const file of files) await file.close()
  }
}

/** An error about the copy names its directory, because the log has files of the same names. */
export async function ofCopy<Value>({ dir }: LogSource, work: Promise<Value>): Promise<Value> {
  return await work.catch((error) => {
    if (!isIndelibleError(error, 'log_corrupt') && !isIndelibleError(error, 'log_format_unknown')) throw error
    const details = { ...error.details, dir }
    throw new IndelibleError(error.code, `In the backup ${dir}: ${error.message}`, { details, cause: error })
  })
}
