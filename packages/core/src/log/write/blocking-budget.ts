// How long writes may hold up the thread. On a fast disk it is spared the way through another thread; a slow one must not stop everything else.

/** Of the time, for slow writes. */
const shareMax = 1 / 20
/** In milliseconds, before that share counts: a slow write now and then is no slow disk. */
const burstMs = 20

export class BlockingBudget {
  readonly #slowMs: number
  #spentMs = 0
  #paidAtMs = performance.now()

  /** A write that takes longer than this is a slow one. */
  constructor({ slowMs }: { slowMs: number }) {
    this.#slowMs = slowMs
  }

  /** Whether another write may hold up the thread. */
  hasLeft(): boolean {
    const nowMs = performance.now()
    this.#spentMs = Math.max(0, this.#spentMs - shareMax * (nowMs - this.#paidAtMs))
    this.#paidAtMs = nowMs
    return this.#spentMs <= burstMs
  }

  /** Runs a write that holds up the thread. */
  spend(write: () => void): void {
    const startMs = performance.now()
    try {
      write()
    } finally {
      const ms = performance.now() - startMs
      if (ms > this.#slowMs) this.#spentMs += ms
    }
  }
}
