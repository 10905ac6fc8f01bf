// Looking at a log from outside: is every byte what was written, and what is in it. Works beside a writer, and changes nothing.
import { join } from 'node:path'
import type { Position } from '../kernel/positions.ts'
import { type Instant, instant } from '../kernel/time.ts'
import { type Disk, nodeDisk } from '../log/disk.ts'
import type { Frame, Place } from '../log/frame.ts'
import { logLimits } from '../log/limits.ts'
import { LogReader } from '../log/reader.ts'
import { corrupt, lastSegment, segmentName } from '../log/segment.ts'
import type { Tail } from '../log/segment-reader.ts'

export interface InspectOptions {
  readonly dir: string
  readonly disk?: Disk
  /** Called now and then, and at the end. */
  readonly onProgress?: (progress: { bytesDone: number; bytesTotal: number }) => void
}

/**
 * `closed`: in order, so that every byte up to the end is known to be there. `open`: a writer has it, or died with nothing half-written.
 * `torn`: behind the last commit are bytes that are no commit, as of a write that was cut off before it was acknowledged. After `open` and `torn`,
 * a loss at the very end cannot be told from that.
 */
export type LogEnding = 'closed' | 'open' | 'torn'

export interface LogSummary {
  readonly segments: number
  readonly bytes: number
  readonly commits: number
  readonly events: number
  /** The position of the last event. */
  readonly head: Position
  /** Of the last event. */
  readonly recordedAt: Instant | null
  readonly ending: LogEnding
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
  const { stats, ending } = await survey(options)
  const { segments, bytes, commits, events, lastRecordedAt } = stats
  return { segments: segments.length, bytes, commits, events, head: events, recordedAt: lastRecordedAt, ending }
}

/** Counts what is in a log, and checks it on the way. Throws what `verifyLog` throws. */
export async function logStats(options: InspectOptions): Promise<LogStats> {
  return (await survey(options)).stats
}

async function survey({
  dir,
  disk = nodeDisk,
  onProgress,
}: InspectOptions): Promise<{ stats: LogStats; ending: LogEnding }> {
  const reader = await LogReader.open({ dir, disk, limits: logLimits })
  try {
    const bytesTotal = sum(await segmentSizes(disk, dir))
    const count = new Count()
    let reportAt = progressBytes
    let tail: Tail
    do {
      for (let next = await reader.next(); next; next = await reader.next()) {
        count.add(next.frame, next.place)
        if (reader.passedBytes < reportAt) continue
        reportAt = reader.passedBytes + progressBytes
        onProgress?.({ bytesDone: Math.min(reader.passedBytes, bytesTotal), bytesTotal })
      }
      tail = await reader.tail()
    } while (tail === 'grown')
    onProgress?.({ bytesDone: bytesTotal, bytesTotal })
    const ending = tail === 'torn' ? 'torn' : reader.mark === 'closed' ? 'closed' : 'open'
    return { stats: count.result(await segmentSizes(disk, dir)), ending }
  } finally {
    await reader.close()
  }
}

class Count {
  readonly #versions = new Map<string, number>()
  readonly #types = new Map<string, number>()
  readonly #segments: { commits: number; events: number }[] = []
  #firstMs: number | undefined
  #lastMs = 0

  add(frame: Frame, place: Place): void {
    this.#segments[place.segment - 1] ??= { commits: 0, events: 0 }
    const segment = this.#segments[place.segment - 1]!
    segment.commits += frame.commits.length
    segment.events += frame.events
    for (const { recordedAtMs } of frame.commits) {
      if (recordedAtMs < this.#lastMs) throw corrupt(place, 'the time of recording goes back')
      this.#firstMs ??= recordedAtMs
      this.#lastMs = recordedAtMs
    }
    for (let index = 0; index < frame.events; index++) {
      const { stream, version, type } = frame.event(index)
      const expected = (this.#versions.get(stream) ?? 0) + 1
      if (version !== expected) throw corrupt(place, `${stream} has version ${version} where ${expected} must follow`)
      this.#versions.set(stream, version)
      this.#types.set(type, (this.#types.get(type) ?? 0) + 1)
    }
  }

  result(sizes: readonly number[]): LogStats {
    const segments = sizes.map((bytes, index) => {
      return { file: segmentName(index + 1), bytes, ...(this.#segments[index] ?? { commits: 0, events: 0 }) }
    })
    const types = [...this.#types].map(([type, count]) => ({ type, count }))
    return {
      segments,
      bytes: sum(sizes),
      commits: sum(segments.map(({ commits }) => commits)),
      events: sum(segments.map(({ events }) => events)),
      streams: this.#versions.size,
      eventTypes: types.sort((a, b) => b.count - a.count),
      firstRecordedAt: this.#firstMs === undefined ? null : instant(this.#firstMs),
      lastRecordedAt: this.#firstMs === undefined ? null : instant(this.#lastMs),
    }
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
