// Calls user code that acts on the outside world: with a time limit, and again after growing waits.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import { type Timer, timer } from '../../kernel/timers.ts'
import { triesEndMsMax } from '../limits.ts'
import type { Slots } from '../slots.ts'
import { backoff } from '../waiting.ts'

export interface AttemptOptions {
  /** The name of the code, for messages. */
  readonly what: string
  readonly retries: number
  readonly timeoutMs: number
  /** Aborts when no further try is wanted. */
  readonly signal: AbortSignal
  /** Each try needs a slot. The waits between tries do not. */
  readonly slots?: Slots
}

/** `stopped`: the signal aborted first, and it is not known whether the code has done its work. */
export type Attempted = 'done' | 'stopped' | { readonly error: unknown }

export async function attempt(
  run: (context: { readonly signal: AbortSignal; readonly attempt: number }) => Promise<void> | void,
  options: AttemptOptions,
): Promise<Attempted> {
  const { retries, signal, slots } = options
  for (let tries = 1; ; tries++) {
    const one = () => oneTry((tried) => run({ signal: tried, attempt: tries }), options)
    const ended = await (slots ? slots.within(one) : one())
    if (typeof ended === 'string' || (tries > retries && !isElsewhere(ended.error))) return ended
    await backoff(tries - 1, signal)
  }
}

/** Another system that cannot be reached is waited for, however long. */
function isElsewhere(error: unknown): boolean {
  return isIndelibleError(error, 'remote_unavailable')
}

/**
 * After an abort or the time limit, the code gets a moment to end, so that the next try does not run beside it. Its result no longer counts as success,
 * because much code returns early when its signal aborts.
 */
async function oneTry(
  run: (signal: AbortSignal) => Promise<void> | void,
  { what, timeoutMs, signal }: AttemptOptions,
): Promise<Attempted> {
  if (signal.aborted) return 'stopped'
  const own = new AbortController()
  const leftAlone = Promise.withResolvers<void>()
  let moment: Timer | undefined
  const tellToStop = (reason: unknown) => {
    own.abort(reason)
    moment ??= timer(triesEndMsMax, leftAlone.resolve)
  }
  const stopped = () => tellToStop(new IndelibleError('aborted', `${what} was stopped.`))
  const late = new IndelibleError('wait_timeout', `${what} did not end within ${timeoutMs} ms.`)
  const limit = timer(timeoutMs, () => tellToStop(late))
  signal.addEventListener('abort', stopped)
  try {
    await Promise.race([run(own.signal), leftAlone.promise])
    return signal.aborted ? 'stopped' : own.signal.aborted ? { error: late } : 'done'
  } catch (error) {
    return signal.aborted ? 'stopped' : { error: own.signal.aborted ? late : error }
  } finally {
    limit.cancel()
    moment?.cancel()
    signal.removeEventListener('abort', stopped)
  }
}
