// Those who wait for a place, first come, first served, each no longer than it wants to.
import { throwIfAborted } from '../kernel/abort.ts'
import { timer } from '../kernel/timers.ts'

interface Waiting {
  letIn(): void
  refuse(error: unknown): void
}

export interface LineOptions {
  readonly signal: AbortSignal | undefined
  readonly ms: number
  /** The error where the time is over. */
  readonly late: () => Error
}

export class Line {
  readonly #waiting = new Set<Waiting>()

  get length(): number {
    return this.#waiting.size
  }

  /** Resolves when it is this caller's turn. Throws the error of `late`, and `aborted`. */
  async wait({ signal, ms, late }: LineOptions): Promise<void> {
    const { promise, resolve: letIn, reject: refuse } = Promise.withResolvers<void>()
    const self: Waiting = { letIn, refuse }
    const leave = () => letIn()
    const limit = timer(Math.max(0, ms), () => refuse(late()))
    signal?.addEventListener('abort', leave)
    this.#waiting.add(self)
    try {
      await promise
      throwIfAborted(signal)
    } finally {
      this.#waiting.delete(self)
      limit.cancel()
      signal?.removeEventListener('abort', leave)
    }
  }

  /** The first one is let in. */
  next(): void {
    const [first] = this.#waiting
    if (!first) return
    this.#waiting.delete(first)
    first.letIn()
  }

  refuse(error: unknown): void {
    for (const each of this.#waiting) each.refuse(error)
  }
}
