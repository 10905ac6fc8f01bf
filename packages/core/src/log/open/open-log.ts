// Opens a log: takes the indexes of sealed segments from disk, and reads only the events after them.
import { crc32 } from 'node:zlib'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { corrupt, decodeHeader, type SegmentHeader, segmentHeaderBytes, segmentName } from '../format/index.ts'
import type { LogIndex, RecordLocation, SegmentIndex } from '../index/index.ts'
import type { LogSource } from '../limits.ts'
import { type BuildTask, LogReader, lastSegment, type Tail } from '../read/index.ts'

export interface OpenedLog {
  readonly reader: LogReader
  /** Of the last event in an index on disk. */
  readonly indexed: { readonly position: Position; readonly recordedAtMs: number }
}

/**
 * Takes in the index files and gives a reader for what is behind them. `build` makes an index that is missing; where there is none, too many
 * missing ones throw `index_missing`. Throws `store_missing`, `log_corrupt`, `log_format_unknown`.
 */
export async function openLog(
  log: LogSource,
  index: LogIndex,
  build: ((task: BuildTask) => Promise<void>) | undefined,
): Promise<OpenedLog> {
  const last = await lastSegment(log)
  if (last === 0) {
    throw new IndelibleError('store_missing', `There is no log in ${log.dir}.`, { details: { dir: log.dir } })
  }
  const { logId } = headerOf(index, last)
  let next = 1
  for (; next <= last; next++) {
    let opened = openIndex(index, next, logId)
    const mustHave = last - next > log.limits.unindexedSegmentsMax
    if (!opened && mustHave) {
      if (!build) throw missing(log, next)
      // The index before may be from an earlier close of the log, and then it does not have all events of its segment.
      const { firstPosition } = headerOf(index, next)
      if (next > 1 && index.indexedThrough + 1 < firstPosition) {
        await build({ segment: next - 1, lastPosition: firstPosition - 1 })
        const whole = openIndex(index, next - 1, logId)
        if (whole) index.addSegment(whole)
      }
      const lastPosition = headerOf(index, next + 1).firstPosition - 1
      await build({ segment: next, lastPosition })
      opened = openIndex(index, next, logId)
      if (!opened) throw notReadable(next)
    }
    if (!opened) break
    index.addSegment(opened)
  }
  const lastIndexed = index.segments.at(-1)
  const { logEnd = segmentHeaderBytes, segment = 1, lastRecordedAtMs = 0 } = lastIndexed?.header ?? {}
  const after = lastIndexed?.lastPosition ?? 0
  const atLeast = lastIndexed?.header.segment === last ? after : indexKnows(index, last, logId)
  const start = { segment, offset: logEnd, after, atLeast, logId, ...(lastIndexed ? {} : { firstPosition: 1 }) }
  const reader = await LogReader.open(log, start)
  return { reader, indexed: { position: after, recordedAtMs: lastRecordedAtMs } }
}

/** The last event that was taken in. */
export interface Taken {
  readonly position: Position
  readonly recordedAtMs: number
}

/** Gets what is added to the index, immediately: a later read that fails does not roll it back. */
interface TakeListener {
  /** Of each segment that was left behind without an index for all of it. */
  readonly passed: (task: BuildTask) => void
  /** Of each frame. */
  readonly taken: (last: Taken) => void
}

/** Brings a log into an index from where a reader is. */
export async function takeAll(reader: LogReader, index: LogIndex, listener: TakeListener): Promise<void> {
  for (;;) {
    const segment = reader.header.segment
    const next = await reader.next().finally(() => {
      const lastPosition = reader.header.firstPosition - 1
      if (reader.header.segment > segment && lastPosition > index.indexedThrough)
        listener.passed({ segment, lastPosition })
    })
    if (!next) return
    const { frame, place, starts } = next
    for (const start of starts) {
      const event = frame.event(start)
      const { stream, version, type, tags, commandId } = event
      const before = index.recentVersionOf(stream)
      if (before > 0 && version !== before + 1) {
        throw corrupt(place, `${stream} has version ${version} where ${before + 1} must follow`)
      }
      index.add({ stream, type, tags, correlationId: event.correlationId }, version)
      if (commandId !== undefined) index.addCommand(commandId, index.head)
    }
    // What is in memory after this may be let go when the segment has its index.
    index.place({ ...place, length: frame.bytes.length, firstPosition: frame.firstPosition, starts })
    listener.taken({ position: frame.lastPosition, recordedAtMs: frame.lastRecordedAtMs })
  }
}

/** What is behind the last frame, when nothing more can be taken. */
export async function takeTail(reader: LogReader, takeMore: () => Promise<unknown>): Promise<Exclude<Tail, 'grown'>> {
  for (;;) {
    await takeMore()
    const tail = await reader.tail()
    if (tail !== 'grown') return tail
  }
}

/** The index of a segment, if it speaks of this very segment. */
export function openIndex(index: LogIndex, segment: number, logId: string): SegmentIndex | undefined {
  const opened = index.openSegment(segment, logId)
  if (!opened) return undefined
  const before = index.segments.findLast(({ header }) => header.segment < segment)
  const follows = opened.firstPosition === (before?.lastPosition ?? 0) + 1
  if (follows && endsAsIndexed(index, opened)) return opened
  opened.release()
  return undefined
}

/** The last position in the index of the newest segment. It is made of what is durable, so a log that ends before it has lost events. */
function indexKnows(index: LogIndex, segment: number, logId: string): Position {
  const opened = index.openSegment(segment, logId)
  if (!opened) return 0
  opened.release()
  return opened.firstPosition === headerOf(index, segment).firstPosition ? opened.lastPosition : 0
}

/** Whether the last event of an index is in the log: the two may have been restored from backups of different days. */
function endsAsIndexed(index: LogIndex, opened: SegmentIndex): boolean {
  const spot = lastSpot(opened)
  if (!spot) return false
  const { segment, offset, end, crc } = spot
  // A wrong place must not make us allocate more than the file has.
  if (end > index.files.size(segmentName(segment))) return false
  const bytes = Buffer.alloc(Math.max(0, end - offset))
  if (index.files.read(segmentName(segment), bytes, offset) < bytes.length || bytes.length < 4) return false
  const length = bytes.readUInt32LE(0)
  return length <= bytes.length && crc32(bytes.subarray(0, length)) === crc
}

/** Where the last event is, unless the page that says so is damaged. */
function lastSpot(opened: SegmentIndex): RecordLocation | undefined {
  try {
    return opened.place(opened.lastPosition)
  } catch (error) {
    if (!isIndelibleError(error, 'index_damaged')) throw error
    return undefined
  }
}

function headerOf(index: LogIndex, segment: number): SegmentHeader {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  const read = index.files.read(segmentName(segment), bytes, 0)
  return decodeHeader(bytes.subarray(0, read), segment)
}

/** A segment got its index, but the disk does not give it back. */
export function notReadable(segment: number): IndelibleError {
  return new IndelibleError('io_failed', `The index of segment ${segment} cannot be read after it was built.`)
}

function missing(log: LogSource, segment: number): IndelibleError {
  return new IndelibleError(
    'index_missing',
    `The log in ${log.dir} has no index from ${segmentName(segment)} on. Open it for writing once, or run "indelible index" to make it.`,
    { details: { dir: log.dir, segment } },
  )
}
