// How far a read table was behind over the last minute, by event: a count for each second and each step of a scale that grows by an eighth.
import type { Clock } from '../../../kernel/time.ts'

const secondsKept = 60
const stepsPerDoubling = 8

export class StalenessMeter {
  readonly #clock: Clock
  /** One entry for each second, at its number modulo the number of entries. */
  readonly #seconds: { second: number; counts: Map<number, number> }[]

  constructor(clock: Clock) {
    this.#clock = clock
    this.#seconds = Array.from({ length: secondsKept }, () => ({ second: -1, counts: new Map() }))
  }

  /** Notes that some events became visible at this age. */
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

  /** For each share, the age that this share of the events did not exceed, with an error of at most an eighth. */
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

/** All ages below a millisecond are one step. */
function stepOf(ageMs: number): number {
  return ageMs < 1 ? 0 : 1 + Math.floor(Math.log2(ageMs) * stepsPerDoubling)
}

/** The end of a step. */
function msOf(step: number): number {
  return step === 0 ? 1 : Math.ceil(2 ** (step / stepsPerDoubling))
}
