// Those who wait for something to reach a position: read your own writes.
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
  /** Why it gets no further, for good or for now. */
  #failure: IndelibleError | undefined

  constructor(what: string) {
    this.#what = what
  }

  get reached(): Position {
    return this.#reached
  }

  /** How many wait. */
  get count(): number {
    return this.#waiting.size
  }

  advance(to: Position): void {
    this.#reached = Math.max(this.#reached, to)
    for (const waiter of this.#waiting) if (waiter.position <= this.#reached) waiter.settle()
  }

  /** Goes on from where the checkpoint is. */
  restart(at: Position): void {
    this.#failure = undefined
    this.#reached = at
    this.advance(at)
  }

  /** Tells all who wait, now and until a restart, that it gets no further. */
  fail(error: IndelibleError): void {
    this.#failure = error
    for (const waiter of this.#waiting) waiter.settle(error)
  }

  /** Throws `wait_timeout` (with `details.reached`), `invalid_position`, `invalid_duration`, `aborted`, or what it failed with. */
  async reach(to: Position, { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    // It is as a rule what somebody sent, and nothing ever gets past what is no number.
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
      const aborted = () => settle(new IndelibleError('aborted', 'The caller gave up.', { cause: signal?.reason }))
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
