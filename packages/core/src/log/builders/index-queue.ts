// Builds the indexes of sealed segments one after the other in the background, and tries again later where that failed.
import { type Timer, timer } from '../../kernel/timers.ts'
import type { LogSource } from '../limits.ts'
import type { BuildTask } from '../read/index.ts'
import type { Builder } from './builder.ts'

export class IndexQueue {
  readonly #limits: LogSource['limits']
  readonly #builder: Builder
  readonly #built: (task: BuildTask) => void
  readonly #queue: BuildTask[] = []
  #running: Promise<void> | undefined
  #room = Promise.withResolvers<void>()
  #failures = 0
  #retry: Timer | undefined
  #closed = false

  constructor({
    limits,
    builder,
    built,
  }: { limits: LogSource['limits']; builder: Builder; built: (task: BuildTask) => void }) {
    this.#limits = limits
    this.#builder = builder
    this.#built = built
  }

  /** Resolves when there is room for another task: immediately, unless the log grows faster than it is indexed. */
  async add(task: BuildTask): Promise<void> {
    this.#queue.push(task)
    this.#begin()
    while (this.#queue.length > this.#limits.unindexedSegmentsMax && this.#failures === 0 && !this.#closed) {
      await this.#room.promise
    }
  }

  /** Resolves when everything that could be built is built. */
  async idle(): Promise<void> {
    await this.#running
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#retry?.cancel()
    await this.#running
    await this.#builder.close()
  }

  #tryLater(): void {
    this.#retry?.cancel()
    this.#retry = timer(this.#limits.indexRetryMs, () => this.#begin()).unref()
  }

  /** With an empty queue the run would end before `#running` is set, and stay there for ever. */
  #begin(): void {
    if (this.#queue.length > 0 && !this.#closed) this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && !this.#closed) {
      const task = this.#queue[0]!
      try {
        await this.#builder.buildIndex(task)
        this.#built(task)
        this.#queue.shift()
        this.#failures = 0
      } catch {
        // The disk may be full, for example. The index in memory is used meanwhile.
        this.#failures++
        this.#tryLater()
        break
      } finally {
        this.#room.resolve()
        this.#room = Promise.withResolvers()
      }
    }
    this.#running = undefined
  }
}
