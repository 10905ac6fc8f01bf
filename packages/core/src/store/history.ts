// How a history is named, the same for every store.
import type { RecordedEvent } from '../kernel/events.ts'

/**
 * The name of the history that ends with an event, or of one without events. The time is part of it because ids may be given by the caller, and the
 * same again.
 */
export function historyName(logId: string, last: Pick<RecordedEvent, 'id' | 'recordedAt'> | undefined): string {
  return last ? `${logId} ${last.id} ${last.recordedAt}` : logId
}
