// Time and ids that a test controls.
import type { IdGenerator } from '../kernel/ids.ts'
import { type Clock, epochMs, type ValidTime } from '../kernel/time.ts'

/** A clock that advances only by `advance`. */
export function manualClock(start: ValidTime = '2026-01-01'): Clock & { advance(ms: number): void } {
  let now = epochMs(start)
  return {
    now: () => now,
    advance: (ms) => {
      now += ms
    },
  }
}

/** UUIDs that count up: the first ends in 1. */
export function sequentialIds(): IdGenerator {
  let last = 0
  return () => `00000000-0000-7000-8000-${(++last).toString(16).padStart(12, '0')}`
}
