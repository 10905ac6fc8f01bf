// One error for all aborted calls.
import { IndelibleError } from './errors.ts'

/** Throws `aborted` if the caller has given up. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new IndelibleError('aborted', 'The caller gave up.', { cause: signal.reason })
}
