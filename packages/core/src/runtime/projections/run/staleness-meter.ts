// How far behind a read table was over the last minute, by event: a count for each second and each step of a scale that grows by an eighth.
import type { Clock } from '../../../kernel/time.ts'

const secondsKept = 60
const stepsPerDoubling = 8

export class StalenessMeter {
  readonly #clock: Clock
  /** Of each second by its number modulo the seconds kept. */
  readonly #seconds: { second: number; counts: Map<number, number> }[]

  constructor(clock: Clock) {
    this.#clock = clock
    this.#seconds = Array.from({ length: secondsKept }, () => ({ second: -1, counts: new Map() }))
  }

  /** Notes that some events became visible at such an age. */
  add(ageMs: number, events: number): void {
    const second = Math.floor(this.#clock.now() / 1000)
    const slot = this.#seconds[second % secondsKept]!
    if (slot.second !== second) {
      slot.second = second
      slot.counts.clear()
    }
    const step = stepOf(ageMs)
    slot.counts.set(step, (slot.counts.get(step) ?? 0) + events)
  }

  /** The age that such a share of the events had at most, to an eighth of it. */
  percentiles(shares: readonly number[]): readonly (number | null)[] {
    const now = Math.floor(this.#clock.now() / 1000)
    const counts = new Map<number, number>()
    let total = 0
    for (const { second, counts: each } of this.#seconds) {
      if (second <= now - secondsKept) continue
      for (const [step, count] of each) {
        counts.set(step, (counts.get(step) ?? 0) + count)
        total += count
      }
    }
    const steps = [...counts].sort(([a], [b]) => a - b)
    return shares.map((share) => {
      let left = share * total
      const found = steps.find(([, count]) => {
        left -= count
        return left <= 0
      })
      return found ? msOf(found[0]) : null
    })
  }
}

/** Ages below a millisecond are one step. */
function stepOf(ageMs: number): number {
  return ageMs < 1 ? 0 : 1 + Math.floor(Math.log2(ageMs) * stepsPerDoubling)
}

/** The end of a step. */
function msOf(step: number): number {
  return step === 0 ? 1 : Math.ceil(2 ** (step / stepsPerDoubling))
}
