// Keeps the index of a log that is being written: builds the index files of sealed segments in the background, and rebuilds a damaged one.
import { isIndelibleError } from '../kernel/errors.ts'
import { type Builder, createBuilder, IndexQueue } from '../log/builders/index.ts'
import { LogIndex } from '../log/index/index.ts'
import type { LogSource } from '../log/limits.ts'
import { notReadable, openIndex } from '../log/open/index.ts'
import type { BuildTask } from '../log/read/index.ts'
import type { LogWriter } from '../log/write/index.ts'
import { ColumnQueue } from './column-queue.ts'

export class Indexing {
  readonly index: LogIndex
  readonly columns: ColumnQueue
  /** Known when the log is open. */
  logId = ''
  readonly #log: LogSource
  readonly #builder: Builder
  readonly #queue: IndexQueue
  readonly #repairs = new Map<number, Promise<void>>()

  constructor(log: LogSource) {
    this.#log = log
    this.index = new LogIndex(log)
    this.#builder = createBuilder(log)
    this.columns = new ColumnQueue(log, this.index, this.#builder)
    this.#queue = new IndexQueue({
      limits: log.limits,
      builder: this.#builder,
      built: ({ segment }) => this.#take(segment),
    })
  }

  async build(task: BuildTask): Promise<void> {
    await this.#builder.buildIndex(task)
  }

  /** To be called when a segment has its last event. Resolves when there is room for another segment. */
  async sealed(task: BuildTask): Promise<void> {
    this.index.turnOver()
    await this.add(task)
  }

  async add(task: BuildTask): Promise<void> {
    this.columns.sealed(task)
    await this.#queue.add(task)
  }

  /** Rebuilds the damaged index of a segment. Throws `log_corrupt`, `store_full`, `io_failed`. */
  async repair(segment: number): Promise<void> {
    const repairing = this.#repairs.get(segment) ?? this.#repair(segment).finally(() => this.#repairs.delete(segment))
    this.#repairs.set(segment, repairing)
    await repairing
  }

  /** Finishes the builds that are queued. When many events have no index yet, builds one for them. */
  async complete(writer: LogWriter): Promise<void> {
    await this.#queue.idle()
    const { segment, lastPosition, events } = writer.active
    const unindexed = lastPosition - this.index.indexedThrough
    if (events === 0 || unindexed <= this.#log.limits.unindexedEventsMax) return
    // Without this index the next opening reads more, nothing else.
    await this.#builder.buildIndex({ segment, lastPosition }).catch((error) => {
      if (!isIndelibleError(error)) throw error
    })
  }

  appended(): void {
    this.#builder.appended()
  }

  async close(): Promise<void> {
    this.columns.close()
    await this.#queue.close()
  }

  /** When it cannot be opened it is built again later: indexes are added in the order of their segments. */
  #take(segment: number): void {
    const opened = openIndex(this.index, segment, this.logId)
    if (!opened) throw notReadable(segment)
    this.index.addSegment(opened)
    this.columns.add(segment)
  }

  async #repair(segment: number): Promise<void> {
    const current = () => this.index.segments.find(({ header }) => header.segment === segment)
    const damaged = current()
    if (!damaged) return
    // A longer index may be about to replace it.
    await this.#queue.idle()
    if (current() !== damaged) return
    await this.#builder.buildIndex({ segment, lastPosition: damaged.lastPosition })
    if (current() !== damaged) return
    damaged.release()
    const rebuilt = this.index.openSegment(segment, this.logId)
    if (!rebuilt) throw notReadable(segment)
    this.index.replaceSegment(rebuilt)
  }
}
