// Readers who wait until a projection or another consumer has reached a position: read your own writes.
import { throwIfAborted } from '../kernel/abort.ts'
import { IndelibleError } from '../kernel/errors.ts'
import { position as checkedPosition, type Position } from '../kernel/positions.ts'
import { checkedDuration, timer } from '../kernel/timers.ts'

interface Waiter {
  readonly position: Position
  readonly settle: (error?: unknown) => void
}

export class Waiters {
  readonly #what: string
  readonly #waiting = new Set<Waiter>()
  #reached: Position = 0
  /** Why it cannot go on, for now or for ever. */
  #failure: IndelibleError | undefined

  constructor(what: string) {
    this.#what = what
  }

  get reached(): Position {
    return this.#reached
  }

  /** The number of readers who wait. */
  get count(): number {
    return this.#waiting.size
  }

  advance(to: Position): void {
    this.#reached = Math.max(this.#reached, to)
    for (const waiter of this.#waiting) if (waiter.position <= this.#reached) waiter.settle()
  }

  /** Goes on at the checkpoint. */
  restart(at: Position): void {
    this.#failure = undefined
    this.#reached = at
    this.advance(at)
  }

  /** Rejects all waits, now and until a restart, with this error. */
  fail(error: IndelibleError): void {
    this.#failure = error
    for (const waiter of this.#waiting) waiter.settle(error)
  }

  /** Throws `wait_timeout` (with `details.reached`), `invalid_position`, `invalid_duration`, `aborted`, or what it failed with. */
  async reach(to: Position, { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    // Callers often pass what a client sent. A wait for NaN would never end.
    const position = checkedPosition(to)
    checkedDuration('timeoutMs', timeoutMs)
    throwIfAborted(signal)
    if (this.#reached >= position) return
    if (this.#failure) throw this.#failure
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown) => {
        timeout.cancel()
        signal?.removeEventListener('abort', aborted)
        this.#waiting.delete(waiter)
        if (error === undefined) resolve()
        else reject(error)
      }
      const aborted = () =>
        settle(new IndelibleError('aborted', 'The caller aborted the wait.', { cause: signal?.reason }))
      const timeout = timer(timeoutMs, () => settle(this.#timeout(position, timeoutMs)))
      const waiter: Waiter = { position, settle }
      this.#waiting.add(waiter)
      signal?.addEventListener('abort', aborted)
    })
  }

  #timeout(position: Position, timeoutMs: number): IndelibleError {
    const reached = this.#reached
    return new IndelibleError(
      'wait_timeout',
      `${this.#what} did not reach position ${position} within ${timeoutMs} ms; it is at ${reached}.`,
      {
        details: { position, reached, timeoutMs },
      },
    )
  }
}
