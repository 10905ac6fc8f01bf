// Where indexes are made: on this thread, for a disk that is only here, or on one of their own.
import { Worker } from 'node:worker_threads'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import { nodeDisk } from '../disk.ts'
import type { LogSource } from '../limits.ts'
import { buildIndex, type IndexTask } from './build.ts'
import type { IndexAnswer, IndexRequest } from './index-worker.ts'
import type { IndexMaker } from './indexer.ts'

export function indexMaker(log: LogSource): IndexMaker {
  return log.disk === nodeDisk
    ? new IndexThread(log)
    : { build: (task) => buildIndex(log, task), close: async () => {} }
}

/** In development Node runs the source itself. */
const workerFile = import.meta.url.endsWith('.ts') ? './index-worker.ts' : './index-worker.js'

/** A thread that is started when the first index is to be made. It takes one request at a time. */
class IndexThread implements IndexMaker {
  readonly #log: LogSource
  #worker: Worker | undefined
  #pending: PromiseWithResolvers<void> | undefined

  constructor(log: LogSource) {
    this.#log = log
  }

  async build(task: IndexTask): Promise<void> {
    while (this.#pending) await this.#pending.promise.catch(() => {})
    this.#worker ??= this.#started()
    this.#pending = Promise.withResolvers()
    this.#worker.ref()
    const request: IndexRequest = { dir: this.#log.dir, limits: this.#log.limits, task }
    this.#worker.postMessage(request)
    await this.#pending.promise
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #started(): Worker {
    const worker = new Worker(new URL(workerFile, import.meta.url), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    worker.on('message', ({ fault }: IndexAnswer) => {
      worker.unref()
      this.#settle(fault && (isIndelibleError(fault) ? errorOf(fault) : new Error(fault.message)))
    })
    worker.on('error', (error) => this.#settle(error))
    worker.on('exit', () => {
      this.#worker = undefined
      this.#settle(new IndelibleError('io_failed', 'The thread that makes indexes ended.'))
    })
    return worker
  }

  #settle(error: Error | undefined): void {
    const pending = this.#pending
    this.#pending = undefined
    if (error) pending?.reject(error)
    else pending?.resolve()
  }
}

function errorOf({ code, message, details }: IndelibleError): IndelibleError {
  return new IndelibleError(code, message, { details })
}
