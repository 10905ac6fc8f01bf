// Sends requests to the thread that PGlite runs in, from the thread that started it or from another one. One request is under way at a time.
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
import type { PgliteError, PgliteRequest, PgliteResponse } from './protocol.ts'

/** A Worker, or a port to it. */
export interface Channel {
  postMessage(request: PgliteRequest, transfer?: readonly Transferable[]): void
  on(event: 'message', listener: (response: PgliteResponse) => void): unknown
  ref(): void
  unref(): void
}

export class PgliteClient {
  readonly #channel: Channel
  #pending: PromiseWithResolvers<readonly SqlRow[]> | undefined
  #failure: IndelibleError | undefined

  constructor(channel: Channel) {
    this.#channel = channel
    channel.on('message', (response) => {
      if ('rows' in response) this.#pending?.resolve(response.rows)
      else this.#pending?.reject(errorOf(response.error))
    })
    channel.unref()
  }

  /** A client for a port that another client gave. */
  static at(port: MessagePort): PgliteClient {
    const client = new PgliteClient(port)
    const message = 'PGlite was closed, or its thread ended: ask for another port.'
    port.on('close', () => client.fail(new IndelibleError('tables_unavailable', message)))
    return client
  }

  get isOpen(): boolean {
    return this.#failure === undefined
  }

  readonly query: Query = async (sql, params = [], { timeoutMs } = {}) =>
    await this.request({ sql, params, timeoutMs, isInTransaction: false })

  /** Other clients wait until the transaction has ended. */
  async transaction<Result>(work: Work<Result>, options?: TransactionOptions): Promise<Result> {
    const query: Query = (sql, params = [], { timeoutMs } = {}) =>
      this.request({ sql, params, timeoutMs, isInTransaction: true })
    const copy: Copy = (target, blob) => {
      const sql = `COPY ${target} FROM '/dev/blob' (FREEZE)`
      return this.request({ sql, params: [], blob, timeoutMs: copyMsMax, isInTransaction: true })
    }
    try {
      return await inTransaction({ query, copy }, work, options)
    } finally {
      this.#channel.postMessage('endTransaction')
    }
  }

  /** A port for another thread. */
  port(): MessagePort {
    if (this.#failure) throw this.#failure
    const { port1, port2 } = new MessageChannel()
    this.#channel.postMessage({ client: port1 }, [port1])
    return port2
  }

  /**
   * The channel keeps the process alive only while a response is pending. Without a request this waits for the first response, which comes when
   * PGlite is open.
   */
  async request(request: PgliteRequest | undefined): Promise<readonly SqlRow[]> {
    if (this.#failure) throw this.#failure
    this.#pending = Promise.withResolvers()
    try {
      this.#channel.ref()
      if (request !== undefined) this.#channel.postMessage(request)
      return await this.#pending.promise
    } finally {
      this.#pending = undefined
      this.#channel.unref()
    }
  }

  /** The pending request and all later ones are rejected with this error. */
  fail(reason: IndelibleError): void {
    this.#failure ??= reason
    this.#pending?.reject(this.#failure)
  }
}

/** A message between threads does not keep the extra fields of an error, so they are sent as a plain object. */
function errorOf({ message, ...fields }: PgliteError): Error {
  return Object.assign(new Error(message), fields)
}
