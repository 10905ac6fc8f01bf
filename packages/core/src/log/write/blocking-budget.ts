// Limits how long writes may block the thread. On a fast disk that is quicker than a write on another thread. A slow disk must not stop everything else.

/** The share of the time that slow writes may take. */
const shareMax = 1 / 20
/** In milliseconds: slow writes up to this are free, because an occasional slow write does not make a slow disk. */
const burstMs = 20

export class BlockingBudget {
  readonly #slowMs: number
  #spentMs = 0
  #paidAtMs = performance.now()

  /** A write that takes longer than this is a slow one. */
  constructor({ slowMs }: { slowMs: number }) {
    this.#slowMs = slowMs
  }

  /** Whether another write may block the thread. */
  hasLeft(): boolean {
    const nowMs = performance.now()
    this.#spentMs = Math.max(0, this.#spentMs - shareMax * (nowMs - this.#paidAtMs))
    this.#paidAtMs = nowMs
    return this.#spentMs <= burstMs
  }

  /** Runs a write that blocks the thread. */
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
