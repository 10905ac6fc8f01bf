// Token buckets: each caller may do so much a second, and saves up a burst while it does less. The table is bounded, and strangers cannot push out the bucket
// of a caller that used its own up: only full buckets are forgotten, which changes nothing. When no bucket is full, newcomers share one.
import { bucketsMax, bucketsSweepMs } from './limits.ts'

export interface TokenBucketsOptions {
  /** Tokens that flow in; `Infinity` for no limit. */
  readonly perSecond: number
  /** What a full bucket holds. */
  readonly burst: number
  /** Milliseconds, never going back. */
  readonly now?: () => number
  readonly bucketsMax?: number
}

const newcomers = Symbol('newcomers')

export class TokenBuckets {
  readonly #msPerToken: number
  readonly #burst: number
  readonly #now: () => number
  readonly #bucketsMax: number
  /** When each bucket will be full again. That one number is a whole bucket (generic cell rate algorithm). */
  readonly #fullAt = new Map<string | symbol, number>()
  #sweptAt = Number.NEGATIVE_INFINITY

  constructor({ perSecond, burst, now = () => performance.now(), bucketsMax: max = bucketsMax }: TokenBucketsOptions) {
    this.#msPerToken = 1000 / perSecond
    this.#burst = burst
    this.#now = now
    this.#bucketsMax = max
  }

  /** The buckets that are kept. */
  get size(): number {
    return this.#fullAt.size
  }

  /** Takes a token of the caller. The result is the time after which there is one: 0 if it was taken. */
  take(caller: string): number {
    if (this.#msPerToken === 0) return 0
    const now = this.#now()
    const bucket = this.#bucketOf(caller, now)
    const owedMs = Math.max(0, (this.#fullAt.get(bucket) ?? now) - now) + this.#msPerToken
    const missingMs = owedMs - this.#burst * this.#msPerToken
    // A refused caller is not punished: its bucket fills as before.
    if (missingMs > 0) return missingMs
    this.#fullAt.set(bucket, now + owedMs)
    return 0
  }

  #bucketOf(caller: string, now: number): string | symbol {
    if (this.#fullAt.has(caller)) return caller
    if (this.#fullAt.size >= this.#bucketsMax) this.#sweep(now)
    return this.#fullAt.size < this.#bucketsMax ? caller : newcomers
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < bucketsSweepMs) return
    this.#sweptAt = now
    for (const [bucket, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(bucket)
  }
}
