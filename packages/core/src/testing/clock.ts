// Time and ids that a test controls.
import type { IdGenerator } from '../kernel/ids.ts'
import { type Clock, epochMs, type ValidTime } from '../kernel/time.ts'

/** A clock that advances only by `advance`, which calls back the timers that are due, in their order. */
export function manualClock(start: ValidTime = '2026-01-01'): Clock & { advance(ms: number): void } {
  let now = epochMs(start)
  const timers = new Set<{ readonly atMs: number; readonly callBack: () => void }>()
  return {
    now: () => now,
    timer(ms, callBack) {
      const timer = { atMs: now + ms, callBack }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
    advance(ms) {
      now += ms
      const due = [...timers].filter(({ atMs }) => atMs <= now).sort((one, other) => one.atMs - other.atMs)
      for (const timer of due) if (timers.delete(timer)) timer.callBack()
    },
  }
}

/** UUIDs that count up: the first ends in 1. */
export function sequentialIds(): IdGenerator {
  let last = 0
  return () => `00000000-0000-7000-8000-${(++last).toString(16).padStart(12, '0')}`
}
