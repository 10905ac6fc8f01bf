// How much of a core work in the background may take. While the log is appended to it gets a share of the time, otherwise all of it.

/** Work calls it often; it returns when the work may go on, and throws when it must end. */
export interface Pace {
  turn(): Promise<void>
}

/** For work that somebody waits for. */
export const unpaced: Pace = { turn: async () => {} }

/** In milliseconds. Work goes on for so long before it looks whether it may. */
const stretchMs = 10
/** In milliseconds. Whoever sleeps looks so often whether it may go on. */
const napMs = 20

export class SharedPace implements Pace {
  readonly #shareMax: number
  readonly #count: () => number
  readonly #wait: () => Promise<void>
  #counted: number
  #startMs = performance.now()

  /** `count` grows with every append. `wait` resolves when nothing more important is to be done, and throws when the work must end. */
  constructor({ shareMax, count, wait }: { shareMax: number; count: () => number; wait: () => Promise<void> }) {
    this.#shareMax = Math.min(1, shareMax)
    this.#count = count
    this.#wait = wait
    this.#counted = count()
  }

  async turn(): Promise<void> {
    const workedMs = performance.now() - this.#startMs
    if (workedMs < stretchMs) return
    // Lets messages come in.
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
