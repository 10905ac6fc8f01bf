// Lets requests in: so many a second for each caller, so much heavy work a second and at once, and so many reads at once, in a line.
import { burstSeconds, heavyCallerShareMax, retryAfterSeconds } from './limits.ts'
import { HttpError } from './problems.ts'
import { TokenBuckets } from './token-buckets.ts'

export interface AdmissionOptions {
  readonly requestsPerSecond: number
  readonly heavyPerSecond: number
  readonly heavyAtOnceMax: number
  readonly readsAtOnceMax: number
}

export class Admission {
  readonly #requests: TokenBuckets
  readonly #heavy: TokenBuckets
  readonly #options: AdmissionOptions
  readonly #heavyOf = new Map<string, number>()
  readonly #line: (() => void)[] = []
  #heavyAtOnce = 0
  #readsAtOnce = 0

  constructor(options: AdmissionOptions) {
    const { requestsPerSecond, heavyPerSecond } = options
    this.#options = options
    this.#requests = new TokenBuckets({ perSecond: requestsPerSecond, burst: burst(requestsPerSecond) })
    this.#heavy = new TokenBuckets({ perSecond: heavyPerSecond, burst: burst(heavyPerSecond) })
  }

  /** Counts a request. Throws `too_many_requests`. */
  request(caller: string): void {
    const missingMs = this.#requests.take(caller)
    if (missingMs > 0) throw tooMany(`more than ${this.#options.requestsPerSecond} requests a second`, missingMs)
  }

  /** Does heavy work if there is a place for it. A caller has a part of the places. Throws `too_many_requests`, `server_busy`. */
  async heavy<Result>(caller: string, work: () => Promise<Result>): Promise<Result> {
    const { heavyPerSecond, heavyAtOnceMax } = this.#options
    const missingMs = this.#heavy.take(caller)
    if (missingMs > 0) throw tooMany(`more than ${heavyPerSecond} heavy requests a second`, missingMs)
    const own = this.#heavyOf.get(caller) ?? 0
    const ownMax = Math.max(1, Math.floor(heavyAtOnceMax * heavyCallerShareMax))
    if (own >= ownMax) throw tooMany(`more than ${ownMax} heavy requests at the same time`, 1000)
    if (this.#heavyAtOnce >= heavyAtOnceMax)
      throw new HttpError(
        'server_busy',
        `The maximum of ${heavyAtOnceMax} heavy requests at the same time is reached. Try again later.`,
        { headers: { 'Retry-After': String(retryAfterSeconds) } },
      )
    this.#heavyOf.set(caller, own + 1)
    this.#heavyAtOnce++
    try {
      return await work()
    } finally {
      this.#heavyAtOnce--
      const left = this.#heavyOf.get(caller)! - 1
      if (left === 0) this.#heavyOf.delete(caller)
      else this.#heavyOf.set(caller, left)
    }
  }

  /** Reads in turn: each may hold a large page, and together they must fit into memory. */
  async read<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#readsAtOnce >= this.#options.readsAtOnceMax) await new Promise<void>((turn) => this.#line.push(turn))
    else this.#readsAtOnce++
    try {
      return await work()
    } finally {
      // The place goes to the next in the line.
      const next = this.#line.shift()
      if (next) next()
      else this.#readsAtOnce--
    }
  }
}

function burst(perSecond: number): number {
  return Math.max(1, perSecond * burstSeconds)
}

function tooMany(what: string, ms: number): HttpError {
  const seconds = Math.ceil(ms / 1000)
  return new HttpError('too_many_requests', `You sent ${what}. Wait ${seconds} s, and send this request again.`, {
    headers: { 'Retry-After': String(seconds) },
  })
}
