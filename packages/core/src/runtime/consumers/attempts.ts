// Calls code that acts on the outside world: with a limit of time, and again after growing waits.
import { IndelibleError } from '../../kernel/errors.ts'
import { timer } from '../../kernel/timers.ts'
import type { Slots } from '../slots.ts'
import { backoff } from '../waiting.ts'

export interface AttemptOptions {
  /** What is called, for messages. */
  readonly what: string
  readonly retries: number
  readonly timeoutMs: number
  /** Aborts when nothing is to be tried any more. */
  readonly signal: AbortSignal
  /** Each try needs one; while it waits for the next it has none. */
  readonly slots?: Slots
}

/** How it ended. `stopped`: the signal aborted first, and whether it was done is not known. */
export type Attempted = 'done' | 'stopped' | { readonly error: unknown }

export async function attempt(
  run: (context: { readonly signal: AbortSignal; readonly attempt: number }) => Promise<void> | void,
  options: AttemptOptions,
): Promise<Attempted> {
  const { retries, signal, slots } = options
  for (let tries = 1; ; tries++) {
    if (signal.aborted) return 'stopped'
    const one = () => oneTry((tried) => run({ signal: tried, attempt: tries }), options)
    const ended = await (slots ? slots.within(one) : one())
    if (typeof ended === 'string' || tries > retries) return ended
    await backoff(tries - 1, signal)
  }
}

async function oneTry(
  run: (signal: AbortSignal) => Promise<void> | void,
  { what, timeoutMs, signal }: AttemptOptions,
): Promise<Attempted> {
  if (signal.aborted) return 'stopped'
  const late = new AbortController()
  const expired = Promise.withResolvers<never>()
  const limit = timer(timeoutMs, () => {
    const error = new IndelibleError('wait_timeout', `${what} did not end within ${timeoutMs} ms.`)
    late.abort(error)
    expired.reject(error)
  })
  try {
    await Promise.race([run(AbortSignal.any([signal, late.signal])), expired.promise])
    return 'done'
  } catch (error) {
    // Code that is told to stop may throw for that reason alone.
    return signal.aborted ? 'stopped' : { error }
  } finally {
    limit.cancel()
  }
}
