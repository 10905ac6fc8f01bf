// Builds the columns of sealed segments one after the other in the background, where they are missing or damaged. Nothing waits for them: a segment without
// columns is read from the log.
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
  /** By segment: whether its columns are known to be damaged. */
  readonly #queue = new Map<number, boolean>()
  /** Segments whose columns could not be built, and when to try again. */
  readonly #failed = new Map<number, number>()
  #lastSealed = 0
  /** By segment, the last position: of segments that were sealed since the log was opened, or just before. */
  readonly #ends = new Map<number, Position>()
  #running = false
  #closed = false

  constructor(log: LogSource, index: LogIndex, builder: Builder) {
    this.#log = log
    this.#index = index
    this.#builder = builder
  }

  /** Segments up to this one get columns once their index has all of their events. */
  sealed({ segment, lastPosition }: BuildTask): void {
    this.#lastSealed = Math.max(this.#lastSealed, segment)
    this.#ends.set(segment, lastPosition)
  }

  /** Queues a segment: its columns are built unless good ones are there. */
  add(segment: number, { areBad = false } = {}): void {
    const isOff = this.#closed || this.#log.limits.columnsShareMax === 0 || !readsColumns
    const hasFailed = (this.#failed.get(segment) ?? 0) > performance.now()
    if (isOff || hasFailed || segment > this.#lastSealed) return
    this.#queue.set(segment, areBad || this.#queue.get(segment) === true)
    if (!this.#running) void this.#run()
  }

  /** Queues all segments. Damage inside a column file is found when it is read. */
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
        // The disk may be full, for example. Nothing depends on columns.
        this.#failed.set(segment, performance.now() + this.#log.limits.indexRetryMs)
      }
    }
    this.#running = false
  }

  /** An index that was built when the log was closed may have only the first events of a segment. The segment is added again once it has a whole index. */
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
