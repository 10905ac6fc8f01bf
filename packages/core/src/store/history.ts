// The name of a history, the same for every store. It is stored with everything that is derived from the history.
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { Checkpoint, EventStore } from './port.ts'

/**
 * The name of the history that ends with an event, or of one without events. The time is part of it because ids may be given by the caller, and the
 * same again.
 */
export function historyName(logId: string, last: Pick<RecordedEvent, 'id' | 'recordedAt'> | undefined): string {
  return last ? `${logId} ${last.id} ${last.recordedAt}` : logId
}

/** The last position of a range for which something is true that is true up to some position and not after it. It is taken to be true of `from`. */
export function lastPosition(
  { from, to }: { readonly from: Position; readonly to: Position },
  isTrue: (position: Position) => boolean,
): Position {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2)
    if (isTrue(middle)) low = middle
    else high = middle - 1
  }
  return low
}

/** The end of a log now. */
export async function checkpointOf(store: Pick<EventStore, 'head' | 'historyAt'>): Promise<Checkpoint> {
  const { position } = await store.head()
  return { position, history: await historyUpTo(store, position) }
}

/** The name of the history up to a position that the log has. */
export async function historyUpTo(store: Pick<EventStore, 'historyAt'>, position: Position): Promise<string> {
  const history = await store.historyAt(position)
  if (history !== undefined) return history
  throw new IndelibleError('io_failed', `The log does not have position ${position}, which it had a moment ago.`)
}
