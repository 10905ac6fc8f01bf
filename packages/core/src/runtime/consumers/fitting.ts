// Whether the stored record of a consumer fits the log that it will follow.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { recordedId } from '../../kernel/viewed-event.ts'
import type { ParkedEvent } from '../../store/consumers.ts'
import type { Checkpoint, EventStore } from '../../store/port.ts'

/** The error for a checkpoint that belongs to another history than the log has. Nothing if it fits. */
export async function misfitOf(
  what: string,
  { position, history }: Checkpoint,
  store: EventStore,
): Promise<IndelibleError | undefined> {
  if (position === 0 || (await store.historyAt(position)) === history) return undefined
  return new IndelibleError(
    'consumer_diverged',
    `${what} is at position ${position} of another history than this log has: the log was restored from an older copy, or it is another log. ` +
      'The consumer may have handled events that this log does not have. Resume it to go on at the end of the log.',
    { details: { position } },
  )
}

/** The parked events that the log has. Those up to `known` are known to be in the log. */
export async function fittingParked(
  store: EventStore,
  parked: readonly ParkedEvent[],
  known: Position,
): Promise<readonly ParkedEvent[]> {
  const fitting: ParkedEvent[] = []
  for (const event of parked) if (event.position <= known || (await has(store, event))) fitting.push(event)
  return fitting
}

async function has(store: EventStore, { position, eventId, stream }: ParkedEvent): Promise<boolean> {
  for await (const { events } of store.read([{ streams: [stream] }], { from: position, to: position }))
    return events.some(({ id }) => id === recordedId(eventId))
  return false
}
