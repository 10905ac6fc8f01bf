// The near side of the thread that PGlite runs in: one request at a time, and a thread that dies answers too.
import { Worker } from 'node:worker_threads'
import { IndelibleError } from 'indelible'
import type { Query, SqlRow } from './database.ts'
import { missingPeer } from './peer.ts'
import type { PgliteAnswer, PgliteFault, PgliteRequest } from './pglite-worker.ts'

/** In development Node runs the source itself. */
const workerFile = import.meta.url.endsWith('.ts') ? './pglite-worker.ts' : './pglite-worker.js'
/** Closing syncs the whole directory, which takes a moment; a thread that does not end by itself is stopped. */
const closeMsMax = 30_000

export class PgliteThread {
  readonly #worker: Worker
  readonly #ended = Promise.withResolvers<void>()
  #pending: PromiseWithResolvers<readonly SqlRow[]> | undefined
  #death: IndelibleError | undefined

  /** Throws `tables_unavailable` where the directory cannot be opened, `invalid_declaration` where PGlite is not installed. */
  static async start(dir: string | undefined): Promise<PgliteThread> {
    const thread = new PgliteThread(dir)
    try {
      await thread.#exchange(undefined)
    } catch (error) {
      throw missingPeer('@electric-sql/pglite', error) ?? notOpened(dir, error)
    }
    return thread
  }

  private constructor(dir: string | undefined) {
    // SQLite, which serves as a lock, counts as experimental in Node 22.
    const execArgv = ['--disable-warning=ExperimentalWarning']
    this.#worker = new Worker(new URL(workerFile, import.meta.url), { workerData: { dir }, execArgv })
    this.#worker.on('message', (answer: PgliteAnswer) => {
      if ('rows' in answer) this.#pending?.resolve(answer.rows)
      else this.#pending?.reject(errorOf(answer.fault))
    })
    this.#worker.on('error', (error) => this.#die(error))
    this.#worker.on('exit', () => {
      this.#die(undefined)
      this.#ended.resolve()
    })
  }

  get isAlive(): boolean {
    return this.#death === undefined
  }

  readonly query: Query = async (sql, params = []) => await this.#exchange({ sql, params })

  async close(): Promise<void> {
    if (!this.isAlive) return
    const stop = setTimeout(() => this.#worker.terminate(), closeMsMax)
    try {
      await this.#exchange('close')
      this.#worker.ref()
      await this.#ended.promise
    } finally {
      clearTimeout(stop)
      await this.#worker.terminate()
    }
  }

  /** While nobody waits for an answer the thread keeps no process alive. */
  async #exchange(request: PgliteRequest | undefined): Promise<readonly SqlRow[]> {
    if (this.#death) throw this.#death
    this.#pending = Promise.withResolvers()
    try {
      this.#worker.ref()
      if (request !== undefined) this.#worker.postMessage(request)
      return await this.#pending.promise
    } finally {
      this.#pending = undefined
      this.#worker.unref()
    }
  }

  #die(cause: unknown): void {
    this.#death ??= new IndelibleError('tables_unavailable', 'The thread of PGlite ended.', { cause })
    this.#pending?.reject(this.#death)
  }
}

function notOpened(dir: string | undefined, cause: unknown): IndelibleError {
  const { message } = cause as Error
  const where = dir === undefined ? 'in memory' : `"${dir}"`
  const advice = 'A damaged directory may be deleted: read tables are made again from the log.'
  return new IndelibleError('tables_unavailable', `PGlite cannot open ${where}: ${message} ${advice}`, { cause })
}

/** Threads pass messages, not errors with fields of their own. */
function errorOf({ message, ...fields }: PgliteFault): Error {
  return Object.assign(new Error(message), fields)
}
