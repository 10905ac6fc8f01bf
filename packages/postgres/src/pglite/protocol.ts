// What the thread of PGlite and its clients say to each other.
import type { MessagePort } from 'node:worker_threads'

/** What the thread begins with. */
export interface PgliteStart {
  readonly dir: string | undefined
  readonly statementMsMax: number
  /** Of a `Deadline`. */
  readonly deadline: SharedArrayBuffer
}

/** Each client sends one statement at a time. Where it keeps the turn nobody else is served until it passes it on, or is gone. */
export type PgliteRequest = PgliteQuery | { readonly client: MessagePort } | 'pass' | 'close'

export interface PgliteQuery {
  readonly sql: string
  readonly params: readonly unknown[]
  readonly blob?: string
  readonly keepsTurn: boolean
  /** Counted from when it is served. */
  readonly timeoutMs?: number | undefined
}

/** The first answer comes without a request and says whether PGlite is open. */
export type PgliteAnswer = { readonly rows: readonly Record<string, unknown>[] } | { readonly fault: PgliteFault }
export interface PgliteFault {
  readonly message: string
  readonly code?: unknown
  readonly severity?: unknown
  readonly detail?: unknown
}

/** What is served in turns. */
export type PgliteStatement = PgliteQuery | 'close'
