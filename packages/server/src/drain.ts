// Before a server closes it says for a while that it is not ready, and goes on answering: a load balancer that asks `/readyz` then sends no more requests.
import { timer } from 'indelible/adapter'
import { readyAskedMs } from './limits.ts'

export class Drain {
  #isDraining = false
  #askedAt = Number.NEGATIVE_INFINITY

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Someone asks whether the server is ready. */
  asked(): void {
    this.#askedAt = performance.now()
  }

  /** Resolves after this time, or at once if nobody asked lately: then nobody would notice. */
  async begin(drainMs: number): Promise<void> {
    this.#isDraining = true
    if (drainMs === 0 || performance.now() - this.#askedAt > readyAskedMs) return
    await new Promise<void>((resolve) => timer(drainMs, resolve))
  }
}
