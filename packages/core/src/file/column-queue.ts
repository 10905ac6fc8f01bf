// Makes the columns of sealed segments one after the other in the background, where they are missing or damaged. Nobody waits for them: what has none is
// read from the log.
import { join } from 'node:path'
import type { Position } from '../kernel/positions.ts'
import type { Builder } from '../log/builders/index.ts'
import { type ColumnsSource, columnsName, readsColumns, SegmentColumns } from '../log/columns/index.ts'
import type { LogIndex, SegmentIndex } from '../log/index/index.ts'
import type { LogSource } from '../log/limits.ts'
import type { BuildTask } from '../log/read/index.ts'
import { ownerOf } from './replay.ts'

export class ColumnQueue {
  readonly #log: LogSource
  readonly #index: LogIndex
  readonly #builder: Builder
  /** By segment, whether those that are there are known to be bad. */
  readonly #queue = new Map<number, boolean>()
  /** Segments whose columns could not be made, and when that may be tried again. */
  readonly #failed = new Map<number, number>()
  #lastSealed = 0
  /** By segment, of those that were sealed since the log was opened or just before, the last position. */
  readonly #ends = new Map<number, Position>()
  #running = false
  #closed = false

  constructor(log: LogSource, index: LogIndex, builder: Builder) {
    this.#log = log
    this.#index = index
    this.#builder = builder
  }

  /** Segments up to this one get columns, once they have an index of all of their events. */
  sealed({ segment, lastPosition }: BuildTask): void {
    this.#lastSealed = Math.max(this.#lastSealed, segment)
    this.#ends.set(segment, lastPosition)
  }

  /** Makes those of a segment in its turn, unless there are good ones. */
  add(segment: number, { areBad = false } = {}): void {
    const isOff = this.#closed || this.#log.limits.columnsShareMax === 0 || !readsColumns
    const hasFailed = (this.#failed.get(segment) ?? 0) > performance.now()
    if (isOff || hasFailed || segment > this.#lastSealed) return
    this.#queue.set(segment, areBad || this.#queue.get(segment) === true)
    if (!this.#running) void this.#run()
  }

  /** Looks at all segments. What is damaged inside is found when it is read. */
  addAll(): void {
    for (const { header } of this.#index.segments) this.add(header.segment)
  }

  close(): void {
    this.#closed = true
    this.#queue.clear()
  }

  async #run(): Promise<void> {
    this.#running = true
    for (const [segment, areBad] of this.#queue) {
      this.#queue.delete(segment)
      try {
        const index = this.#wholeIndex(segment)
        if (!index || (!areBad && (await this.#hasGood(index)))) continue
        await this.#builder.buildColumns({ segment, lastPosition: index.lastPosition })
      } catch {
        // A full disk, for example. Nothing depends on them.
        this.#failed.set(segment, performance.now() + this.#log.limits.indexRetryMs)
      }
    }
    this.#running = false
  }

  /** One that was made when the log was closed may know only the first events of a segment, until that is indexed again. Then its turn comes again. */
  #wholeIndex(segment: number): SegmentIndex | undefined {
    const at = this.#index.segments.findIndex(({ header }) => header.segment === segment)
    const index = this.#index.segments[at]
    const end = this.#ends.get(segment)
    // There is no gap between indexes.
    const isWhole = end === undefined ? at + 1 < this.#index.segments.length : index?.lastPosition === end
    return isWhole ? index : undefined
  }

  /** By its header. */
  async #hasGood(index: SegmentIndex): Promise<boolean> {
    const path = join(this.#log.dir, columnsName(index.header.segment))
    if (!this.#log.disk.hasNow(path)) return false
    const file = await this.#log.disk.open(path, 'read')
    try {
      return (await SegmentColumns.open(file, ownerOf(index), headerOnly)) !== undefined
    } finally {
      await file.close()
    }
  }
}

const headerOnly: ColumnsSource = {
  read: () => 0,
  logged() {
    throw new RangeError('Only the header was opened.')
  },
  damaged: () => {},
}
