// Waiting: before trying again, twice as long each time up to a bound, and never past the moment somebody wants to stop.
import { timer } from '../kernel/timers.ts'
import { retryDelayMsMax, retryDelayMsMin } from './limits.ts'

/** How long somebody is ready to wait. */
export interface WaitOptions {
  /** {@link waitTimeoutMsDefault} when left out; `Infinity` waits without limit. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** The wait for this attempt (from 0). */
export function backoffMs(attempt: number): number {
  return Math.min(retryDelayMsMax, retryDelayMsMin * 2 ** Math.min(attempt, 20))
}

/** Resolves after the wait for this attempt, or at once when the signal aborts. */
export async function backoff(attempt: number, signal: AbortSignal): Promise<void> {
  await pause(backoffMs(attempt), signal)
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
