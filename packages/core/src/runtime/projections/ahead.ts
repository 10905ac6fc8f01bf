// A table that shows more than the log has was made from another log. It only seems so where another process already reads what this one does not count as
// written yet, so it is certain after a while only.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { EventStore } from '../../store/port.ts'
import { aheadLookMs, aheadMsMin } from '../limits.ts'
import { pause } from '../waiting.ts'

/** Whether the log stays behind a position. An abort counts as no. */
export async function isAhead(
  store: Pick<EventStore, 'head'>,
  position: Position,
  signal: AbortSignal | undefined = undefined,
): Promise<boolean> {
  const stop = signal ?? new AbortController().signal
  for (const certainAt = performance.now() + aheadMsMin; !stop.aborted; ) {
    if (position <= (await store.head()).position) return false
    if (performance.now() >= certainAt) return true
    await pause(aheadLookMs, stop)
  }
  return false
}

export function tablesAhead(name: string, { position, head }: { position: Position; head: Position }): IndelibleError {
  return new IndelibleError(
    'tables_ahead',
    `Read table "${name}" is at position ${position}, the log ends at ${head}: one of them was put back from another copy. ` +
      `Build it anew from the log: indelible projections rebuild ${name}`,
    { details: { name, position, head } },
  )
}
