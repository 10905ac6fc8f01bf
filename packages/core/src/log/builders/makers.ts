// Where indexes and columns are made: on this thread, for a disk that is only here, or on one of their own.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import { buildColumns, type Pace } from '../columns/index.ts'
import { nodeDisk } from '../disk/index.ts'
import { buildIndex } from '../index/index.ts'
import type { LogSource } from '../limits.ts'
import type { BuildTask } from '../read/index.ts'
import type { BuildAnswer, BuildKind, BuildRequest } from './index-worker.ts'
import type { IndexMaker } from './indexer.ts'

export function indexMaker(log: LogSource): IndexMaker {
  return log.disk === nodeDisk ? new IndexThread(log) : new IndexingHere(log)
}

class IndexingHere implements IndexMaker {
  readonly #log: LogSource
  #closed = false
  #building: Promise<void> = Promise.resolve()
  readonly #pace: Pace = {
    turn: async () => {
      if (this.#closed) throw new IndelibleError('aborted', 'The log was closed.')
    },
  }

  constructor(log: LogSource) {
    this.#log = log
  }

  build(task: BuildTask): Promise<void> {
    return buildIndex(this.#log, task)
  }

  async buildColumns(task: BuildTask): Promise<void> {
    const building = buildColumns(this.#log, task, this.#pace)
    this.#building = building.catch(() => {})
    await building
  }

  appended(): void {}

  async close(): Promise<void> {
    this.#closed = true
    await this.#building
  }
}

/** In development Node runs the source itself. */
const workerFile = import.meta.url.endsWith('.ts') ? './index-worker.ts' : './index-worker.js'

/** Of what it makes hardly anything lives on; by itself V8 would let garbage come to many times this before it looks. */
const youngMiBMax = 12

/** A thread that is started when the first file is to be made. It takes one request of each kind at a time. */
class IndexThread implements IndexMaker {
  readonly #log: LogSource
  /** What the thread looks at: how often the log was appended to, and 1 when columns must not be gone on with. */
  readonly #signals = new Int32Array(new SharedArrayBuffer(8))
  #worker: Worker | undefined
  readonly #pending = new Map<BuildKind, PromiseWithResolvers<void>>()

  constructor(log: LogSource) {
    this.#log = log
  }

  build(task: BuildTask): Promise<void> {
    return this.#ask('index', task)
  }

  buildColumns(task: BuildTask): Promise<void> {
    return this.#ask('columns', task)
  }

  appended(): void {
    Atomics.add(this.#signals, 0, 1)
  }

  async close(): Promise<void> {
    Atomics.store(this.#signals, 1, 1)
    const worker = this.#worker
    if (!worker) return
    worker.ref()
    await this.#pending.get('columns')?.promise.catch(() => {})
    // It ends by itself: to stop a thread from outside, in the midst of whatever it does, has brought the process down.
    const ended = this.#worker ? once(worker, 'exit') : undefined
    worker.postMessage('close')
    await ended
  }

  async #ask(kind: BuildKind, task: BuildTask): Promise<void> {
    for (let other = this.#pending.get(kind); other; other = this.#pending.get(kind))
      await other.promise.catch(() => {})
    this.#worker ??= this.#started()
    const pending = Promise.withResolvers<void>()
    this.#pending.set(kind, pending)
    // Columns are nothing to keep a process alive for.
    if (kind === 'index') this.#worker.ref()
    const { dir, limits } = this.#log
    const request: BuildRequest = { kind, dir, limits, task, signals: this.#signals }
    this.#worker.postMessage(request)
    await pending.promise
  }

  #started(): Worker {
    const worker = new Worker(new URL(workerFile, import.meta.url), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: { maxYoungGenerationSizeMb: youngMiBMax },
    })
    worker.unref()
    worker.on('message', ({ kind, fault }: BuildAnswer) => {
      if (kind === 'index') worker.unref()
      this.#settle(kind, fault && (isIndelibleError(fault) ? errorOf(fault) : new Error(fault.message)))
    })
    worker.on('error', (error) => this.#settleAll(error))
    worker.on('exit', () => {
      this.#worker = undefined
      this.#settleAll(new IndelibleError('io_failed', 'The thread that makes indexes ended.'))
    })
    return worker
  }

  #settleAll(error: Error): void {
    for (const kind of [...this.#pending.keys()]) this.#settle(kind, error)
  }

  #settle(kind: BuildKind, error: Error | undefined): void {
    const pending = this.#pending.get(kind)
    this.#pending.delete(kind)
    if (error) pending?.reject(error)
    else pending?.resolve()
  }
}

function errorOf({ code, message, details }: IndelibleError): IndelibleError {
  return new IndelibleError(code, message, { details })
}
