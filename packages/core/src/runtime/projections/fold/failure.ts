// The failure of a handler, as the runtime, operators and readers get it.
import { IndelibleError } from '../../../kernel/errors.ts'
import type { RecordedEvent } from '../../../kernel/events.ts'
import { messageOf } from '../../../kernel/shown.ts'
import type { Row } from '../../../kernel/tables.ts'

/** The event at which a handler failed. The rows contain nothing of this event. */
export interface FoldFailure {
  /** The index of the event in its batch. */
  readonly index: number
  readonly event: RecordedEvent
  /** The row that the handler got, if it got one. */
  readonly row: Row | null
  readonly error: unknown
}

/** A handler failed during a fold. Its code is `projection_parked`: with this code, the projection cannot pass the event. */
export class FoldStopped extends IndelibleError {
  readonly failure: FoldFailure

  constructor(name: string, failure: FoldFailure) {
    const { event, row, error } = failure
    super(
      'projection_parked',
      `Projection "${name}" cannot handle ${event.type} of ${event.stream} at position ${event.position}: ${messageOf(error)}`,
      { details: { name, position: event.position, eventId: event.id, row }, cause: error },
    )
    this.failure = failure
  }
}

/** The error for readers who wait for the table. It says less than the one for operators, because readers may not be allowed to see the row. */
export function parkedError(
  name: string,
  { event, error }: { event: Pick<RecordedEvent, 'position' | 'type'>; error: unknown },
): IndelibleError {
  return new IndelibleError(
    'projection_parked',
    `Projection "${name}" is parked at position ${event.position} (${event.type}): ${messageOf(error)}`,
    { details: { name, position: event.position }, cause: error },
  )
}
