// Limits how much of a core background work takes: a share of the time while there are appends, otherwise all of it.

/** Background work calls it often. It resolves when the work may continue, and throws when it must end. */
export interface Pace {
  turn(): Promise<void>
}

/** For work in the foreground. */
export const unpaced: Pace = { turn: async () => {} }

/** In milliseconds: how long work runs before it checks whether it may continue. */
const stretchMs = 10
/** In milliseconds: how often sleeping work checks whether it may continue. */
const napMs = 20

export class SharedPace implements Pace {
  readonly #shareMax: number
  readonly #count: () => number
  readonly #wait: () => Promise<void>
  #counted: number
  #startMs = performance.now()

  /** `count` returns the number of appends. `wait` resolves when no more important work is pending, and throws when this work must end. */
  constructor({ shareMax, count, wait }: { shareMax: number; count: () => number; wait: () => Promise<void> }) {
    this.#shareMax = Math.min(1, shareMax)
    this.#count = count
    this.#wait = wait
    this.#counted = count()
  }

  async turn(): Promise<void> {
    const workedMs = performance.now() - this.#startMs
    if (workedMs < stretchMs) return
    // Let messages arrive.
    await new Promise((resolve) => setImmediate(resolve))
    await this.#wait()
    const wakeMs = performance.now() + workedMs * (1 / this.#shareMax - 1)
    while (this.#count() !== this.#counted && performance.now() < wakeMs) {
      this.#counted = this.#count()
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(napMs, wakeMs - performance.now()))))
      await this.#wait()
    }
    this.#counted = this.#count()
    this.#startMs = performance.now()
  }
}
