// The oldest and the newest event of each type, in the newest form: real samples for documents.
import type { AnyEventType } from '../kernel/event-types.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import { recordedNames } from '../kernel/recorded-forms.ts'
import { DomainLog } from '../store/domain-log.ts'
import type { EventStore } from '../store/port.ts'

export interface SampleEvents {
  readonly oldest: RecordedEvent
  /** The same event where there is only one. */
  readonly newest: RecordedEvent
}

/** Nothing where the log has no such event, under this name or a former one. It reads two events by the index, however long the log is. Throws `event_version_unknown`. */
export async function sampleEvents(store: EventStore, type: AnyEventType): Promise<SampleEvents | undefined> {
  const log = new DomainLog(store)
  const first = async (direction: 'forwards' | 'backwards') => {
    for await (const { events } of log.read([type], [{ types: recordedNames([type]) }], { direction, limit: 1 }))
      if (events[0]) return events[0]
    return undefined
  }
  const oldest = await first('forwards')
  return oldest && { oldest, newest: (await first('backwards')) ?? oldest }
}
