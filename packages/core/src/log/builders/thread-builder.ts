// A thread that builds index files and column files. It starts when the first file is to be built.
import { IndelibleError } from '../../kernel/errors.ts'
import { startWorker, ThreadClient } from '../../threads/index.ts'
import type { LogSource } from '../limits.ts'
import type { BuildTask } from '../read/index.ts'
import type { BuildProtocol, BuildRequest } from './build-worker.ts'
import type { Builder } from './builder.ts'

/** Hardly anything that a build allocates lives on; by default V8 lets garbage grow to many times this before it collects. */
const youngMiBMax = 12

export class ThreadBuilder implements Builder {
  readonly #log: LogSource
  /** Read by the thread: how many appends there were, and 1 when columns must not be built any further. */
  readonly #signals = new Int32Array(new SharedArrayBuffer(8))
  #thread: ThreadClient<BuildProtocol> | undefined
  /** One index and the columns of one segment are built at a time. */
  #lastIndex: Promise<void> = Promise.resolve()
  #lastColumns: Promise<void> = Promise.resolve()

  constructor(log: LogSource) {
    this.#log = log
  }

  async buildIndex(task: BuildTask): Promise<void> {
    const building = this.#lastIndex.then(() => this.#running().call('buildIndex', this.#request(task)))
    this.#lastIndex = building.catch(() => {})
    await building
  }

  async buildColumns(task: BuildTask): Promise<void> {
    const request = this.#request(task)
    // A process need not stay alive for columns.
    const building = this.#lastColumns.then(() => this.#running().call('buildColumns', request, { keepsAlive: false }))
    this.#lastColumns = building.catch(() => {})
    await building
  }

  appended(): void {
    Atomics.add(this.#signals, 0, 1)
  }

  async close(): Promise<void> {
    Atomics.store(this.#signals, 1, 1)
    await this.#thread?.close()
  }

  #request(task: BuildTask): BuildRequest {
    const { dir, limits } = this.#log
    return { dir, limits, task, signals: this.#signals }
  }

  #running(): ThreadClient<BuildProtocol> {
    if (!this.#thread || this.#thread.hasEnded) {
      const worker = startWorker('./build-worker', import.meta.url, {
        resourceLimits: { maxYoungGenerationSizeMb: youngMiBMax },
      })
      this.#thread = new ThreadClient(worker, {
        ended: (cause) => new IndelibleError('io_failed', 'The thread that builds indexes ended.', { cause }),
      })
    }
    return this.#thread
  }
}
