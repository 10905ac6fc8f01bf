// The messages between the thread of PGlite and its clients.
//
// They do not use the calls between threads of `indelible` (ThreadClient and serve). PGlite is one connection: a transaction of one client must hold back
// the statements of all others, across ports, and a port that closes must roll back its transaction. A thread that misses its deadline is in a loop and
// cannot answer, so its client fails at once and from outside, before the thread has ended. And Node starts the worker from its source, where it cannot
// import another package of ours.
import type { MessagePort } from 'node:worker_threads'

/** What the thread gets when it starts. */
export interface PgliteWorkerData {
  readonly dir: string | undefined
  readonly statementMsMax: number
  /** The memory of a `Deadline`. */
  readonly deadline: SharedArrayBuffer
}

/** A client sends one statement at a time. While a client is in a transaction, the thread runs statements of that client only. */
export type PgliteRequest = PgliteQuery | { readonly client: MessagePort } | 'endTransaction' | 'close'

export interface PgliteQuery {
  readonly sql: string
  readonly params: readonly unknown[]
  readonly blob?: string
  readonly isInTransaction: boolean
  /** The time starts when the statement starts, not when it is sent. */
  readonly timeoutMs?: number | undefined
}

/** The thread sends the first response without a request: it says whether PGlite is open. */
export type PgliteResponse = { readonly rows: readonly Record<string, unknown>[] } | { readonly error: PgliteError }

export interface PgliteError {
  readonly message: string
  readonly code?: unknown
  readonly severity?: unknown
  readonly detail?: unknown
}

/** The requests that are run one after the other. */
export type PgliteStatement = PgliteQuery | 'close'
