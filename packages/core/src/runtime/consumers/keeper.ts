// Has a checkpoint kept soon after it moved, and again and again while that fails. Until then nothing new is begun, for a crash would repeat it all.
import { isIndelibleError } from '../../kernel/errors.ts'
import { type Timer, timer } from '../../kernel/timers.ts'
import { backoffMs } from '../waiting.ts'
import { type ConsumerError, describeError } from './status.ts'

export class Keeper {
  readonly #keep: () => Promise<void>
  #planned: { readonly atMs: number; readonly timer: Timer } | undefined
  #isKeeping = false
  /** How soon it was asked for while it was being kept. */
  #againMs = Number.POSITIVE_INFINITY
  #fault: ConsumerError | undefined
  #tries = 0
  #sound = Promise.withResolvers<void>()
  #isEnded = false

  constructor(keep: () => Promise<void>) {
    this.#keep = keep
  }

  /** Why the checkpoint cannot be kept now. */
  get fault(): ConsumerError | undefined {
    return this.#fault
  }

  /** Keeps it after so long, or sooner where that was asked for. */
  soon(ms: number): void {
    if (this.#isKeeping) this.#againMs = Math.min(this.#againMs, ms)
    else if (!this.#fault) this.#plan(ms)
  }

  /** Resolves when it can be kept, or the signal aborts. */
  async whenSound(signal: AbortSignal): Promise<void> {
    const ended = () => this.#sound.resolve()
    signal.addEventListener('abort', ended)
    while (this.#fault && !signal.aborted) {
      this.#sound = Promise.withResolvers<void>()
      await this.#sound.promise
    }
    signal.removeEventListener('abort', ended)
  }

  /** Keeps nothing more by itself. */
  end(): void {
    this.#isEnded = true
    this.#planned?.timer.cancel()
  }

  #plan(ms: number): void {
    const atMs = performance.now() + ms
    if (this.#isEnded || (this.#planned && this.#planned.atMs <= atMs)) return
    this.#planned?.timer.cancel()
    this.#planned = { atMs, timer: timer(ms, () => void this.#now()) }
  }

  async #now(): Promise<void> {
    this.#planned = undefined
    this.#againMs = Number.POSITIVE_INFINITY
    this.#isKeeping = true
    try {
      await this.#keep()
      this.#fault = undefined
      this.#tries = 0
    } catch (error) {
      // Whoever follows a log that is closed hears of it by itself.
      if (isIndelibleError(error, 'store_closed')) return
      this.#fault = describeError(error)
      this.#againMs = backoffMs(this.#tries++)
    } finally {
      this.#isKeeping = false
      this.#sound.resolve()
    }
    if (this.#againMs < Number.POSITIVE_INFINITY) this.#plan(this.#againMs)
  }
}
