// Verifies a log: is every byte what was written? It works while the log is written, and changes nothing.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { type Instant, instant } from '../../kernel/time.ts'
import { type Disk, nodeDisk } from '../disk/index.ts'
import { checkHeader, corrupt } from '../format/index.ts'
import { type LogSource, logLimits } from '../limits.ts'
import {
  checkSegment,
  type DerivedDamage,
  type DerivedState,
  type SegmentFindings,
  type SegmentTask,
} from './check-segment.ts'
import { SegmentChecker } from './check-threads.ts'
import { type OnProgress, ProgressReporter } from './progress.ts'
import { headerOf, lastSegmentOf, logBytes, segmentsWith } from './segment-files.ts'
import { readByName, Versions } from './versions.ts'

export interface InspectOptions {
  readonly dir: string
  readonly disk?: Disk
  /** Called now and then, and at the end. */
  readonly onProgress?: OnProgress
}

/**
 * `closed`: in order, so that every byte up to the end is known to be there. `open`: a writer has it, or died with nothing half-written.
 * `torn`: behind the last commit are bytes that are not a commit, such as a write that was interrupted before it was acknowledged. After `open` and `torn`,
 * a loss at the very end cannot be distinguished from that.
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
  readonly indexes: {
    /** Index files that are, byte for byte, what the log says. */
    readonly checked: number
    /** Sealed segments without an index. That is not a fault: it may be in the making, and can be built at any time. */
    readonly missing: number
  }
  /** The same of replay columns. */
  readonly columns: { readonly checked: number; readonly missing: number }
}

/**
 * Reads every byte, checks every checksum, that positions, versions and times follow one another and all segments are of one log, and builds
 * every index file and every column file again to compare the bytes.
 *
 * A log of 64 MiB and more is checked on up to four threads, one for each core. Each needs about 250 MB, with columns 400 MB, however long the log is. In addition each stream needs
 * 24 to 48 bytes.
 * Throws `store_missing`, `log_format_unknown`, and `log_corrupt` or, where the log is whole, `index_damaged`, with `details.file` and
 * `details.offset`.
 */
export async function verifyLog({ dir, disk = nodeDisk, onProgress }: InspectOptions): Promise<LogSummary> {
  const log: LogSource = { dir, disk, limits: logLimits }
  const sealed = (await lastSegmentOf(log)) - 1
  const bytesTotal = await logBytes(log)
  const progress = new ProgressReporter(onProgress, bytesTotal)
  const sum = new Sum(log)
  const checker = new SegmentChecker(log, { bytes: bytesTotal })
  try {
    const ahead: Promise<SegmentFindings>[] = []
    const derived = new DerivedFiles(log)
    for (let segment = 1, next = 1; segment <= sealed; segment++) {
      for (; next <= sealed && ahead.length < checker.width; next++) {
        ahead.push(settledLater(checker.check(await derived.taskFor(next))))
      }
      await sum.take(await ahead.shift()!)
      progress.add((await headerOf(log, segment)).bytes)
    }
    // A writer may have added segments meanwhile.
    for (let segment = sealed + 1; sum.ending === 'sealed'; segment++) {
      const task = await derived.taskFor(segment)
      await sum.take(await checkSegment(log, task, (bytes) => progress.report(bytes)))
      progress.add((await headerOf(log, segment)).bytes)
    }
  } finally {
    await checker.close()
  }
  const summary = await sum.finish()
  const bytes = await logBytes(log)
  progress.end()
  return { ...summary, bytes }
}

/** Keeps a rejection from being reported as unhandled before the promise is awaited. */
function settledLater<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {})
  return promise
}

/** Combines the findings of the segments, in their order. */
class Sum {
  ending: SegmentFindings['ending'] = 'sealed'
  readonly #versions: Versions
  #segments = 0
  #events = 0
  #commits = 0
  #lastRecordedAtMs: number | undefined
  #logId: string | undefined
  readonly #indexes = { checked: 0, missing: 0 }
  readonly #columns = { checked: 0, missing: 0 }
  #damage: DerivedDamage | undefined

  constructor(log: LogSource) {
    this.#versions = new Versions((hashes, last) => readByName(log, hashes, last))
  }

  async take({
    header,
    events,
    commits,
    streams,
    first,
    lastRecordedAtMs,
    ending,
    index,
    columns,
  }: SegmentFindings): Promise<void> {
    checkHeader(header, { firstPosition: this.#events + 1, ...(this.#logId !== undefined && { logId: this.#logId }) })
    if (first && first.recordedAtMs < (this.#lastRecordedAtMs ?? 0)) throw corrupt(first.place, timeGoesBack)
    this.#logId = header.logId
    this.#segments++
    this.#events += events
    this.#commits += commits
    if (first) this.#lastRecordedAtMs = lastRecordedAtMs
    this.ending = ending
    this.#count(this.#indexes, index)
    this.#count(this.#columns, columns)
    await this.#versions.take(header.segment, streams)
  }

  #count(sum: { checked: number; missing: number }, state: DerivedState): void {
    if (state === 'whole') sum.checked++
    // What the writer is in has its index in memory, and no columns.
    else if (state === 'missing') sum.missing += this.ending === 'sealed' ? 1 : 0
    else this.#damage ??= state
  }

  /** Throws `index_damaged` only at the end: damage to the log itself matters more. */
  async finish(): Promise<Omit<LogSummary, 'bytes'>> {
    await this.#versions.finish(this.#segments)
    if (this.#damage) throw damaged(this.#damage)
    const { ending } = this
    if (ending === 'sealed') throw new RangeError('A sealed segment has one that follows.')
    return {
      segments: this.#segments,
      commits: this.#commits,
      events: this.#events,
      head: this.#events,
      recordedAt: this.#lastRecordedAtMs === undefined ? null : instant(this.#lastRecordedAtMs),
      ending,
      indexes: this.#indexes,
      columns: this.#columns,
    }
  }
}

const timeGoesBack = 'the time of recording goes back'

function damaged({ file, offset, segment }: DerivedDamage): IndelibleError {
  return new IndelibleError(
    'index_damaged',
    `${file} is not what the log says, from byte ${offset} on. The log is whole. Run "indelible index" to rebuild it.`,
    { details: { file, offset, segment } },
  )
}

/** Looks again only where a segment had none the last time. */
class DerivedFiles {
  readonly #log: LogSource
  readonly #known = { idx: new Set<number>(), col: new Set<number>() }

  constructor(log: LogSource) {
    this.#log = log
  }

  async taskFor(segment: number): Promise<SegmentTask> {
    return { segment, indexed: await this.#has('idx', segment), hasColumns: await this.#has('col', segment) }
  }

  async #has(ending: 'idx' | 'col', segment: number): Promise<boolean> {
    if (!this.#known[ending].has(segment)) this.#known[ending] = await segmentsWith(ending, this.#log)
    return this.#known[ending].has(segment)
  }
}
