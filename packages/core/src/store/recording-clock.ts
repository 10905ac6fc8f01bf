// The store's clock: the time of recording never goes back along the log, whatever the machine's clock does.
import { type Clock, type Instant, instant } from '../kernel/time.ts'

export class RecordingClock {
  readonly #clock: Clock
  #lastMs = 0
  #text = { ms: -1, instant: '' }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes in the time of an event that is already in the log. */
  observe(epochMs: number): void {
    this.#lastMs = Math.max(this.#lastMs, epochMs)
  }

  next(): { epochMs: number; recordedAt: Instant } {
    this.observe(Math.trunc(this.#clock.now()))
    // Many commits share a millisecond.
    if (this.#text.ms !== this.#lastMs) this.#text = { ms: this.#lastMs, instant: instant(this.#lastMs) }
    return { epochMs: this.#lastMs, recordedAt: this.#text.instant }
  }
}
