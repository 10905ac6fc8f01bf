// One line to the thread that PGlite runs in, from the thread that started it or from another: one request at a time, and a line that breaks answers too.
import { MessageChannel, type MessagePort, type Transferable } from 'node:worker_threads'
import { IndelibleError } from 'indelible'
import {
  type Copy,
  inTransaction,
  type Query,
  type SqlRow,
  type TransactionOptions,
  type Work,
} from '../database/index.ts'
import { copyMsMax } from '../limits.ts'
import type { PgliteAnswer, PgliteFault, PgliteRequest } from './protocol.ts'

/** A Worker, or a port to it. */
export interface Line {
  postMessage(request: PgliteRequest, transfer?: readonly Transferable[]): void
  on(event: 'message', listener: (answer: PgliteAnswer) => void): unknown
  ref(): void
  unref(): void
}

export class PgliteClient {
  readonly #line: Line
  #pending: PromiseWithResolvers<readonly SqlRow[]> | undefined
  #death: IndelibleError | undefined

  constructor(line: Line) {
    this.#line = line
    line.on('message', (answer) => {
      if ('rows' in answer) this.#pending?.resolve(answer.rows)
      else this.#pending?.reject(errorOf(answer.fault))
    })
    line.unref()
  }

  /** A client at the end of a port that another client gave. */
  static at(port: MessagePort): PgliteClient {
    const client = new PgliteClient(port)
    const message = 'PGlite was closed, or its thread ended: ask for another port.'
    port.on('close', () => client.die(new IndelibleError('tables_unavailable', message)))
    return client
  }

  get isAlive(): boolean {
    return this.#death === undefined
  }

  readonly query: Query = async (sql, params = [], { timeoutMs } = {}) =>
    await this.exchange({ sql, params, timeoutMs, keepsTurn: false })

  /** Other clients wait meanwhile. */
  async transaction<Result>(work: Work<Result>, options?: TransactionOptions): Promise<Result> {
    const query: Query = (sql, params = [], { timeoutMs } = {}) =>
      this.exchange({ sql, params, timeoutMs, keepsTurn: true })
    const copy: Copy = (target, blob) => {
      const sql = `COPY ${target} FROM '/dev/blob' (FREEZE)`
      return this.exchange({ sql, params: [], blob, timeoutMs: copyMsMax, keepsTurn: true })
    }
    try {
      return await inTransaction({ query, copy }, work, options)
    } finally {
      this.#line.postMessage('pass')
    }
  }

  /** A line for another thread. */
  port(): MessagePort {
    if (this.#death) throw this.#death
    const { port1, port2 } = new MessageChannel()
    this.#line.postMessage({ client: port1 }, [port1])
    return port2
  }

  /** While nobody waits for an answer the line keeps no process alive. Without a request it waits for the first answer. */
  async exchange(request: PgliteRequest | undefined): Promise<readonly SqlRow[]> {
    if (this.#death) throw this.#death
    this.#pending = Promise.withResolvers()
    try {
      this.#line.ref()
      if (request !== undefined) this.#line.postMessage(request)
      return await this.#pending.promise
    } finally {
      this.#pending = undefined
      this.#line.unref()
    }
  }

  /** Nobody answers any more. */
  die(reason: IndelibleError): void {
    this.#death ??= reason
    this.#pending?.reject(this.#death)
  }
}

/** Threads pass messages, not errors with fields of their own. */
function errorOf({ message, ...fields }: PgliteFault): Error {
  return Object.assign(new Error(message), fields)
}
