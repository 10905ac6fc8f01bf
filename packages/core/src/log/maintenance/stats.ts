// Counts what is in a log. The numbers come from the indexes; only a segment without an index is read.
import type { Position } from '../../kernel/positions.ts'
import { type Instant, instant } from '../../kernel/time.ts'
import { columnsName } from '../columns/index.ts'
import { nodeDisk } from '../disk/index.ts'
import { type SegmentHeader, segmentHeaderBytes, segmentName } from '../format/index.ts'
import { IndexBuilder, type IndexCounts } from '../index/index.ts'
import { type LogSource, logLimits } from '../limits.ts'
import { LogReader } from '../read/index.ts'
import { readSyncTimes, type SyncTimes } from '../write/index.ts'
import { readSegment } from './check-segment.ts'
import { ProgressReporter } from './progress.ts'
import { headerOf, lastSegmentOf, logBytes, segmentsWith, sizeOf } from './segment-files.ts'
import { countsOf, StoredIndex } from './stored-index.ts'
import type { InspectOptions } from './verify.ts'

export interface LogStats {
  readonly segments: readonly SegmentStats[]
  /** Of all segments, with what is reserved in the last one. */
  readonly bytes: number
  readonly commits: number
  readonly events: number
  readonly streams: number
  /** The most frequent first. */
  readonly eventTypes: readonly { readonly type: string; readonly count: number }[]
  readonly firstRecordedAt: Instant | null
  readonly lastRecordedAt: Instant | null
  readonly indexes: { readonly count: number; readonly bytes: number }
  readonly columns: { readonly count: number; readonly bytes: number }
  /** How long durable writes took, as the last writer counted them. Null when it left no statistics. */
  readonly syncs: SyncStats | null
}

export interface SegmentStats {
  readonly file: string
  readonly bytes: number
  readonly commits: number
  readonly events: number
  /** Null when the segment has no index, such as the one that is being written. */
  readonly indexBytes: number | null
  /** Null when it has no replay columns. */
  readonly columnBytes: number | null
}

export interface SyncStats extends SyncTimes {
  /** Half of the durable writes took at most this many microseconds. Each of these numbers is the upper bound of a class; null when the class has none. */
  readonly p50Microseconds: number | null
  readonly p99Microseconds: number | null
  readonly maxMicroseconds: number | null
}

/**
 * Counts what is in a log. It trusts an index whose checksums are right, so it reads a tenth of the log; `verifyLog` trusts nothing.
 * Throws `store_missing`, `log_format_unknown`, `log_corrupt`.
 */
export async function logStats({ dir, disk = nodeDisk, onProgress }: InspectOptions): Promise<LogStats> {
  const log: LogSource = { dir, disk, limits: logLimits }
  await lastSegmentOf(log)
  const progress = new ProgressReporter(onProgress, await logBytes(log))
  const indexed = await segmentsWith('idx', log)
  const withColumns = await segmentsWith('col', log)
  const count = new Count()
  for (let segment = 1, isLast = false; !isLast; segment++) {
    const { header, bytes } = await headerOf(log, segment)
    const end = await endOf(log, segment)
    isLast = end === undefined
    const stored = indexed.has(segment) ? await StoredIndex.open(log, segment) : undefined
    try {
      const known = end !== undefined && stored ? await fromIndex(stored, header, end) : undefined
      const found = known ?? (await fromFrames(log, header, (done) => progress.report(done)))
      const columnBytes = withColumns.has(segment) ? await sizeOf(log, columnsName(segment)) : null
      count.add(found, { file: segmentName(segment), bytes, indexBytes: stored?.bytes ?? null, columnBytes })
    } finally {
      await stored?.close()
    }
    progress.add(bytes)
  }
  progress.end()
  return { ...count.result(await firstRecordedAtMs(log)), syncs: syncStats(await readSyncTimes(log)) }
}

/** The position after a sealed segment. */
async function endOf(log: LogSource, segment: number): Promise<Position | undefined> {
  const isSealed = (await lastSegmentOf(log)) > segment
  return isSealed ? (await headerOf(log, segment + 1)).header.firstPosition : undefined
}

/** Undefined unless it is whole and has all events of the segment. */
async function fromIndex(stored: StoredIndex, header: SegmentHeader, end: Position): Promise<IndexCounts | undefined> {
  const index = stored.headerOf(header)
  const isComplete = index?.firstPosition === header.firstPosition && header.firstPosition + index.events === end
  return isComplete ? await stored.counts(index) : undefined
}

async function fromFrames(log: LogSource, header: SegmentHeader, read: (bytes: number) => void): Promise<IndexCounts> {
  const start = { ...header, offset: segmentHeaderBytes, after: header.firstPosition - 1 }
  const reader = await LogReader.open(log, start)
  try {
    const builder = new IndexBuilder(header)
    await readSegment(reader, async ({ frame, place, starts }) => {
      read(place.offset)
      builder.add(frame, place, starts)
    })
    return countsOf(builder.finish())
  } finally {
    await reader.close()
  }
}

async function firstRecordedAtMs(log: LogSource): Promise<number | undefined> {
  const reader = await LogReader.open(log)
  try {
    const first = await reader.next()
    return first?.frame.event(first.starts[0]!).recordedAtMs
  } finally {
    await reader.close()
  }
}

class Count {
  readonly #segments: SegmentStats[] = []
  readonly #types = new Map<string, number>()
  #streams = 0
  #lastRecordedAtMs = 0

  add(
    { events, commits, streamsBegun, types, lastRecordedAtMs }: IndexCounts,
    file: Pick<SegmentStats, 'file' | 'bytes' | 'indexBytes' | 'columnBytes'>,
  ): void {
    this.#segments.push({ ...file, commits, events })
    for (const [type, count] of types) this.#types.set(type, (this.#types.get(type) ?? 0) + count)
    this.#streams += streamsBegun
    if (events > 0) this.#lastRecordedAtMs = lastRecordedAtMs
  }

  result(firstRecordedAtMs: number | undefined): Omit<LogStats, 'syncs'> {
    const segments = this.#segments
    const types = [...this.#types].map(([type, count]) => ({ type, count }))
    const indexes = segments.flatMap(({ indexBytes }) => indexBytes ?? [])
    const columns = segments.flatMap(({ columnBytes }) => columnBytes ?? [])
    const isEmpty = firstRecordedAtMs === undefined
    return {
      segments,
      bytes: sum(segments.map(({ bytes }) => bytes)),
      commits: sum(segments.map(({ commits }) => commits)),
      events: sum(segments.map(({ events }) => events)),
      streams: this.#streams,
      eventTypes: types.sort((a, b) => b.count - a.count || (a.type < b.type ? -1 : 1)),
      firstRecordedAt: isEmpty ? null : instant(firstRecordedAtMs),
      lastRecordedAt: isEmpty ? null : instant(this.#lastRecordedAtMs),
      indexes: { count: indexes.length, bytes: sum(indexes) },
      columns: { count: columns.length, bytes: sum(columns) },
    }
  }
}

/** Undefined when there is no such file, or it cannot be read: the file has no checksum. */
function syncStats(times: SyncTimes | undefined): SyncStats | null {
  if (!times || !Array.isArray(times.classes) || !(times.count > 0)) return null
  const below = (share: number): number | null => {
    let left = Math.ceil(share * times.count)
    for (const { microsecondsMax, count } of times.classes) {
      left -= count
      if (left <= 0) return microsecondsMax
    }
    return null
  }
  return { ...times, p50Microseconds: below(0.5), p99Microseconds: below(0.99), maxMicroseconds: below(1) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
