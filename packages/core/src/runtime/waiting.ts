// Waits before another try: each is twice as long as the one before, up to a limit, and an abort ends it at once.
import { timer } from '../kernel/timers.ts'
import { retryDelayMsMax, retryDelayMsMin } from './limits.ts'

/** How long a caller waits. */
export interface WaitOptions {
  /** The default is {@link waitTimeoutMsDefault}; `Infinity` waits without limit. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** The shortest and the longest wait. */
export interface Waits {
  readonly firstMs: number
  readonly maxMs: number
}

const waitsDefault: Waits = { firstMs: retryDelayMsMin, maxMs: retryDelayMsMax }

/** The wait for this attempt (from 0). */
export function backoffMs(attempt: number, { firstMs, maxMs } = waitsDefault): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 20))
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
