// Waiting: before trying again, twice as long each time up to a bound, and never past the moment somebody wants to stop.
import { timer } from '../kernel/timers.ts'
import { retryDelayMsMax, retryDelayMsMin } from './limits.ts'

/** Resolves after the wait for this attempt (from 0), or at once when the signal aborts. */
export async function backoff(attempt: number, signal: AbortSignal): Promise<void> {
  await pause(Math.min(retryDelayMsMax, retryDelayMsMin * 2 ** Math.min(attempt, 20)), signal)
}

/** Resolves after a time, or at once when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const done = () => {
      waiting.cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const waiting = timer(ms, done)
    signal.addEventListener('abort', done)
  })
}
