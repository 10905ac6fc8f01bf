// The store's clock: the time of recording never goes back along the log, whatever the machine's clock does.
import { IndelibleError } from '../kernel/errors.ts'
import { type Clock, type Instant, instant } from '../kernel/time.ts'

/** RFC 3339 has years of four digits. */
const latestMs = Date.UTC(10_000, 0) - 1

export class RecordingClock {
  readonly #clock: Clock
  #lastMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The earliest time from now on, in milliseconds since 1970. */
  get last(): number {
    return this.#lastMs
  }

  /** Sets the time of an event that is already in the log as the earliest one from now on. */
  observe(epochMs: number): void {
    this.#lastMs = Math.max(this.#lastMs, epochMs)
  }

  /** Throws `invalid_time` when the clock returns no valid time. */
  next(): { epochMs: number; recordedAt: Instant } {
    const now = Math.trunc(this.#clock.now())
    if (!(now >= 0 && now <= latestMs)) throw notATime(now)
    this.observe(now)
    return { epochMs: this.#lastMs, recordedAt: instant(this.#lastMs) }
  }
}

function notATime(given: number): IndelibleError {
  const problem = `The clock given to this store says ${given}, not milliseconds since 1970 in a year up to 9999.`
  return new IndelibleError('invalid_time', problem)
}
