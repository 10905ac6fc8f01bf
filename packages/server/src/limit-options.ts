// The limits of a server that its operator may choose, with their defaults.
import { IndelibleError } from 'indelible'
import { checkedDuration } from 'indelible/adapter'
import * as limits from './limits.ts'

export interface LimitOptions {
  /**
   * The requests that a caller may send a second, 1,000 by default; `Infinity` for no limit. A caller is its actor, or without one its address. Further requests
   * are refused with 429, `too_many_requests` and `Retry-After`. A caller that sent less before may send five seconds' worth at once.
   */
  readonly requestsPerSecond?: number
  /** The same for requests of operations that may read much of the log, 20 by default. */
  readonly heavyPerSecond?: number
  /** The maximum of such requests at the same time, 8 by default; a caller may have half of them under way. */
  readonly heavyAtOnceMax?: number
  /** The maximum of other reads at the same time, 16 by default. Further ones wait in a line, so that their results fit into memory. */
  readonly readsAtOnceMax?: number
  /** The time for the answer to a read, 60 seconds by default. Then the response is 504 and `work_timeout`. */
  readonly readTimeoutMs?: number
  /** The same for an operation that may read much of the log, 10 minutes by default. */
  readonly heavyTimeoutMs?: number
  /** The maximum bytes of a request body, 1 MiB by default. */
  readonly bodyBytesMax?: number
  /** The maximum bytes of a response, 64 MiB by default. A larger one is refused with 413 and `response_too_large`. */
  readonly responseBytesMax?: number
  /**
   * The maximum bytes of large bodies that have not arrived completely, and of large responses that clients have not taken: 256 MiB by default, for all
   * clients together. Large is what has more than 64 KiB. Above the maximum, large ones are refused with 503 and `server_busy`.
   */
  readonly heldBytesMax?: number
}

export type Limits = Required<LimitOptions>

/** Throws `invalid_declaration`, `invalid_duration`. */
export function checkedLimits(options: LimitOptions): Limits {
  const {
    requestsPerSecond = limits.requestsPerSecondDefault,
    heavyPerSecond = limits.heavyPerSecondDefault,
    heavyAtOnceMax = limits.heavyAtOnceMaxDefault,
    readsAtOnceMax = limits.readsAtOnceMaxDefault,
    readTimeoutMs = limits.readTimeoutMsDefault,
    heavyTimeoutMs = limits.heavyTimeoutMsDefault,
    bodyBytesMax = limits.bodyBytesMaxDefault,
    responseBytesMax = limits.responseBytesMaxDefault,
    heldBytesMax = limits.heldBytesMaxDefault,
  } = options
  const counts = { requestsPerSecond, heavyPerSecond, heavyAtOnceMax, readsAtOnceMax, bodyBytesMax, responseBytesMax }
  for (const [name, value] of Object.entries({ ...counts, heldBytesMax })) {
    if (typeof value === 'number' && value > 0) continue
    throw new IndelibleError('invalid_declaration', `"${name}" is ${value}. Give a number above 0.`)
  }
  checkedDuration('readTimeoutMs', readTimeoutMs)
  checkedDuration('heavyTimeoutMs', heavyTimeoutMs)
  return { ...counts, readTimeoutMs, heavyTimeoutMs, heldBytesMax }
}
