// Stores a checkpoint soon after it moved, and tries again while that fails. Until it succeeds nothing new is begun, because a crash would repeat it all.
import { isIndelibleError } from '../../kernel/errors.ts'
import { type Timer, timer } from '../../kernel/timers.ts'
import { backoffMs } from '../waiting.ts'
import { type ConsumerError, describeError } from './status.ts'

export class CheckpointSaver {
  readonly #save: () => Promise<void>
  #planned: { readonly atMs: number; readonly timer: Timer } | undefined
  #isSaving = false
  /** How soon it was asked for while it was being stored. */
  #againMs = Number.POSITIVE_INFINITY
  #fault: ConsumerError | undefined
  #tries = 0
  #sound = Promise.withResolvers<void>()
  #isEnded = false

  constructor(save: () => Promise<void>) {
    this.#save = save
  }

  /** Why the checkpoint cannot be stored now. */
  get fault(): ConsumerError | undefined {
    return this.#fault
  }

  /** Stores it after this time, or sooner if that was asked for before. */
  soon(ms: number): void {
    if (this.#isSaving) this.#againMs = Math.min(this.#againMs, ms)
    else if (!this.#fault) this.#plan(ms)
  }

  /** Resolves when it can be stored, or the signal aborts. */
  async whenSound(signal: AbortSignal): Promise<void> {
    const ended = () => this.#sound.resolve()
    signal.addEventListener('abort', ended)
    while (this.#fault && !signal.aborted) {
      this.#sound = Promise.withResolvers<void>()
      await this.#sound.promise
    }
    signal.removeEventListener('abort', ended)
  }

  /** Stores nothing more by itself. */
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
    this.#isSaving = true
    try {
      await this.#save()
      this.#fault = undefined
      this.#tries = 0
    } catch (error) {
      // The log is closed, or another process goes on, and what follows the log finds that out itself.
      if (isIndelibleError(error, 'store_closed') || isIndelibleError(error, 'lease_lost')) return
      this.#fault = describeError(error)
      this.#againMs = backoffMs(this.#tries++)
    } finally {
      this.#isSaving = false
      this.#sound.resolve()
    }
    if (this.#againMs < Number.POSITIVE_INFINITY) this.#plan(this.#againMs)
  }
}
