// The thread that PGlite runs in, as seen from the thread that started it. It is watched, closed properly, and terminated if it does not answer.
import { Worker } from 'node:worker_threads'
import { IndelibleError } from 'indelible'
import { missingPeer, settlesWithin } from '../database/index.ts'
import { deadlineCheckMs, openMsMax, terminateMsMax } from '../limits.ts'
import { PgliteClient } from './client.ts'
import { Deadline } from './deadline.ts'
import type { PgliteWorkerData } from './protocol.ts'

/** During development Node runs the source itself. */
const workerFile = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'

export class PgliteThread {
  readonly client: PgliteClient
  readonly #dir: string | undefined
  readonly #worker: Worker
  readonly #exited = Promise.withResolvers<void>()
  readonly #opened: Promise<unknown>

  constructor({ dir, statementMsMax }: { dir: string | undefined; statementMsMax: number }) {
    const deadline = new Deadline()
    deadline.start(openMsMax)
    const workerData: PgliteWorkerData = { dir, statementMsMax, deadline: deadline.buffer }
    // The lock is one of SQLite, which is experimental in Node 22.
    const execArgv = ['--disable-warning=ExperimentalWarning']
    const worker = new Worker(new URL(workerFile, import.meta.url), { workerData, execArgv })
    this.#dir = dir
    this.#worker = worker
    this.client = new PgliteClient(worker)
    const check = setInterval(() => {
      if (deadline.isOver) void this.terminate(new Error('it did not answer within the time limit.'))
    }, deadlineCheckMs).unref()
    worker.on('error', (error) => void this.terminate(error))
    worker.on('exit', () => {
      clearInterval(check)
      this.client.fail(this.#endedError('it exited.'))
      this.#exited.resolve()
    })
    this.#opened = this.client.request(undefined)
  }

  /** Throws `tables_unavailable` if the directory cannot be opened, `invalid_declaration` if PGlite is not installed. */
  async opened(): Promise<void> {
    try {
      await this.#opened
    } catch (error) {
      throw missingPeer('@electric-sql/pglite', error) ?? notOpened(this.#dir, error)
    }
  }

  /** Never throws. If PGlite cannot be closed properly, the directory is left as after a crash, and the next process that opens it repairs that. */
  async close(): Promise<void> {
    try {
      await this.client.request('close')
      this.#worker.ref()
      await this.#exited.promise
    } catch {
    } finally {
      await this.terminate()
    }
  }

  /** Ends the thread even if it is in an endless loop. Pending requests are rejected with the reason. */
  async terminate(cause?: unknown): Promise<void> {
    this.client.fail(this.#endedError(cause instanceof Error ? cause.message : 'it was closed.', cause))
    // The thread holds the lock of its directory until it has exited.
    await settlesWithin(terminateMsMax, this.#worker.terminate())
  }

  #endedError(reason: string, cause?: unknown): IndelibleError {
    const next =
      this.#dir === undefined
        ? 'Its tables were in memory and are lost: PGlite starts empty, and the read tables are built again from the log.'
        : 'PGlite starts again at the next call.'
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
