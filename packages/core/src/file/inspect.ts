// Looking at a log from outside: is every byte what was written, and what is in it. Works beside a writer, and changes nothing.
import { join } from 'node:path'
import type { Position } from '../kernel/positions.ts'
import type { Instant } from '../kernel/time.ts'
import { type Disk, nodeDisk } from '../log/disk.ts'
import type { Frame, Place } from '../log/frame.ts'
import { logLimits } from '../log/limits.ts'
import { LogReader } from '../log/reader.ts'
import { corrupt, lastSegment, segmentName } from '../log/segment.ts'

export interface InspectOptions {
  readonly dir: string
  readonly disk?: Disk
  /** Called now and then, and at the end. */
  readonly onProgress?: (progress: { bytesDone: number; bytesTotal: number }) => void
}

export interface LogSummary {
  readonly segments: number
  readonly bytes: number
  readonly commits: number
  readonly events: number
  /** The position of the last event. */
  readonly head: Position
  /** Of the last event. */
  readonly recordedAt: Instant | null
}

export interface LogStats {
  readonly segments: readonly SegmentStats[]
  readonly bytes: number
  readonly commits: number
  readonly events: number
  readonly streams: number
  /** The most frequent first. */
  readonly eventTypes: readonly { readonly type: string; readonly count: number }[]
  readonly firstRecordedAt: Instant | null
  readonly lastRecordedAt: Instant | null
}

export interface SegmentStats {
  readonly file: string
  readonly bytes: number
  readonly commits: number
  readonly events: number
}

/** How many bytes pass between two calls of `onProgress`. */
const progressBytes = 4 * 1024 * 1024

/**
 * Reads every byte and checks every checksum, and that positions, versions and times follow one another.
 * Throws `store_missing`, `log_format_unknown`, and `log_corrupt` with `details.file` and `details.offset`.
 */
export async function verifyLog(options: InspectOptions): Promise<LogSummary> {
  const versions = new Map<string, number>()
  let commits = 0
  let lastMs = 0
  let recordedAt: Instant | null = null
  const { segments, bytes, head } = await walk(options, (frame, place) => {
    for (let index = 0; index < frame.events; index++) {
      const { stream, version } = frame.event(index)
      const expected = (versions.get(stream) ?? 0) + 1
      if (version !== expected) throw corrupt(place, `${stream} has version ${version} where ${expected} must follow`)
      versions.set(stream, version)
    }
    for (const commit of frame.commits) {
      if (commit.recordedAtMs < lastMs) throw corrupt(place, 'the time of recording goes back')
      lastMs = commit.recordedAtMs
      recordedAt = commit.recordedAt
    }
    commits += frame.commits.length
  })
  return { segments: segments.length, bytes, commits, events: head, head, recordedAt }
}

/** Counts what is in a log. Throws what `verifyLog` throws for damaged bytes. */
export async function logStats(options: InspectOptions): Promise<LogStats> {
  const streams = new Set<string>()
  const types = new Map<string, number>()
  const counts = new Map<number, { commits: number; events: number }>()
  let firstRecordedAt: Instant | null = null
  let lastRecordedAt: Instant | null = null
  const { segments, bytes, head } = await walk(options, (frame, { segment }) => {
    const count = counts.get(segment) ?? { commits: 0, events: 0 }
    counts.set(segment, { commits: count.commits + frame.commits.length, events: count.events + frame.events })
    for (let index = 0; index < frame.events; index++) {
      const { stream, type } = frame.event(index)
      streams.add(stream)
      types.set(type, (types.get(type) ?? 0) + 1)
    }
    firstRecordedAt ??= frame.commits[0]!.recordedAt
    lastRecordedAt = frame.commits.at(-1)!.recordedAt
  })
  const perSegment = segments.map((size, index) => {
    const { commits, events } = counts.get(index + 1) ?? { commits: 0, events: 0 }
    return { file: segmentName(index + 1), bytes: size, commits, events }
  })
  return {
    segments: perSegment,
    bytes,
    commits: perSegment.reduce((sum, { commits }) => sum + commits, 0),
    events: head,
    streams: streams.size,
    eventTypes: [...types].map(([type, count]) => ({ type, count })).sort((a, b) => b.count - a.count),
    firstRecordedAt,
    lastRecordedAt,
  }
}

async function walk(
  { dir, disk = nodeDisk, onProgress }: InspectOptions,
  visit: (frame: Frame, place: Place) => void,
): Promise<{ segments: number[]; bytes: number; head: Position }> {
  const reader = await LogReader.open({ dir, disk, limits: logLimits })
  try {
    const bytesTotal = sum(await segmentSizes(disk, dir))
    let reportAt = progressBytes
    do {
      for (let next = await reader.next(); next; next = await reader.next()) {
        visit(next.frame, next.place)
        if (reader.passedBytes < reportAt) continue
        reportAt = reader.passedBytes + progressBytes
        onProgress?.({ bytesDone: Math.min(reader.passedBytes, bytesTotal), bytesTotal })
      }
    } while ((await reader.tail()) === 'grown')
    onProgress?.({ bytesDone: bytesTotal, bytesTotal })
    const segments = await segmentSizes(disk, dir)
    return { segments, bytes: sum(segments), head: reader.position }
  } finally {
    await reader.close()
  }
}

async function segmentSizes(disk: Disk, dir: string): Promise<number[]> {
  const sizes: number[] = []
  const last = await lastSegment({ disk, dir })
  for (let segment = 1; segment <= last; segment++) {
    const file = await disk.open(join(dir, segmentName(segment)), 'read')
    sizes.push(await file.size().finally(() => file.close()))
  }
  return sizes
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
