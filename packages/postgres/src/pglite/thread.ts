// The thread that PGlite runs in, as seen by the one that started it: it is opened, watched, closed in order, and ended where it does not answer.
import { Worker } from 'node:worker_threads'
import { IndelibleError } from 'indelible'
import { missingPeer, settlesWithin } from '../database/index.ts'
import { endMsMax, lookMs, openMsMax } from '../limits.ts'
import { PgliteClient } from './client.ts'
import { Deadline } from './deadline.ts'
import type { PgliteStart } from './protocol.ts'

/** In development Node runs the source itself. */
const workerFile = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'

export class PgliteThread {
  readonly client: PgliteClient
  readonly #dir: string | undefined
  readonly #worker: Worker
  readonly #exited = Promise.withResolvers<void>()
  readonly #opened: Promise<unknown>

  constructor({ dir, statementMsMax }: { dir: string | undefined; statementMsMax: number }) {
    const deadline = new Deadline()
    deadline.begin(openMsMax)
    const workerData: PgliteStart = { dir, statementMsMax, deadline: deadline.buffer }
    // SQLite, which serves as a lock, counts as experimental in Node 22.
    const execArgv = ['--disable-warning=ExperimentalWarning']
    const worker = new Worker(new URL(workerFile, import.meta.url), { workerData, execArgv })
    this.#dir = dir
    this.#worker = worker
    this.client = new PgliteClient(worker)
    const look = setInterval(() => {
      if (deadline.isOver) void this.end(new Error('it gave no answer within the time allowed.'))
    }, lookMs).unref()
    worker.on('error', (error) => void this.end(error))
    worker.on('exit', () => {
      clearInterval(look)
      this.client.die(this.#ended('it exited.'))
      this.#exited.resolve()
    })
    this.#opened = this.client.exchange(undefined)
  }

  /** Throws `tables_unavailable` where the directory cannot be opened, `invalid_declaration` where PGlite is not installed. */
  async opened(): Promise<void> {
    try {
      await this.#opened
    } catch (error) {
      throw missingPeer('@electric-sql/pglite', error) ?? notOpened(this.#dir, error)
    }
  }

  /** Throws nothing: where it cannot be done in order the directory is left as after a crash, which the next one to open it sees to. */
  async close(): Promise<void> {
    try {
      await this.client.exchange('close')
      this.#worker.ref()
      await this.#exited.promise
    } catch {
    } finally {
      await this.end()
    }
  }

  /** Whatever the thread is at, and though it spins. Whoever waits for an answer is told why. */
  async end(cause?: unknown): Promise<void> {
    this.client.die(this.#ended(cause instanceof Error ? cause.message : 'it was closed.', cause))
    // The thread holds the lock of its directory until it is gone.
    await settlesWithin(endMsMax, this.#worker.terminate())
  }

  #ended(reason: string, cause?: unknown): IndelibleError {
    const next =
      this.#dir === undefined
        ? 'What it held in memory is gone; it begins empty, and read tables are made again from the log.'
        : 'It is started again.'
    return new IndelibleError('tables_unavailable', `The thread of PGlite ended: ${sentence(reason)} ${next}`, {
      cause,
    })
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function notOpened(dir: string | undefined, cause: unknown): IndelibleError {
  const { message } = cause as Error
  const where = dir === undefined ? 'in memory' : `"${dir}"`
  return new IndelibleError('tables_unavailable', `PGlite cannot open ${where}: ${message}`, { cause })
}
