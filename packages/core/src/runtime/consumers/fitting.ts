// Whether what is kept of a consumer fits the log that it is about to follow.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { ParkedEvent } from '../../store/consumers.ts'
import type { Checkpoint, EventStore } from '../../store/port.ts'

/** Says what is wrong with a checkpoint that is of another history than the log. */
export async function misfitOf(
  what: string,
  { position, history }: Checkpoint,
  store: EventStore,
): Promise<IndelibleError | undefined> {
  if (position === 0 || (await store.historyAt(position)) === history) return undefined
  return new IndelibleError(
    'consumer_diverged',
    `${what} stands at position ${position} of another history than this log has: the log was put back from an older copy, or is another one. ` +
      'It may have handled events that the log no longer has. Resume it to go on from the end of the log.',
    { details: { position } },
  )
}

/** Of what is parked, those that the log has. Up to a position that is known already. */
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
    return events.some(({ id }) => id === eventId)
  return false
}
