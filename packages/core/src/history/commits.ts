// The commits of a log, put together again from its events.

import type { RecordedEvent } from '../kernel/events.ts'
import { commitEventsMax } from '../kernel/limits.ts'
import { position as checkedPosition, type Position } from '../kernel/positions.ts'
import type { System } from '../kernel/system.ts'
import { RecordedTypes } from '../kernel/upcasts.ts'
import type { EventBatch, EventStore } from '../store/port.ts'

/** The events of one command. Events that were appended without a command are alone. */
export type CommittedEvents = readonly [RecordedEvent, ...RecordedEvent[]]

/** A command id has one commit, so events beside each other with the same id are of one command. */
export async function* commitsIn(batches: AsyncIterable<EventBatch>): AsyncGenerator<CommittedEvents> {
  let commit: [RecordedEvent, ...RecordedEvent[]] | undefined
  for await (const { events } of batches) {
    for (const event of events) {
      const { commandId } = event.metadata
      if (commit && commandId !== undefined && commit[0].metadata.commandId === commandId) commit.push(event)
      else {
        if (commit) yield commit
        commit = [event]
      }
    }
  }
  if (commit) yield commit
}

/** The commits whose first event is in a range, in the newest form. Throws `event_version_unknown`. */
export async function* commitsFrom(
  store: Pick<EventStore, 'read'>,
  { events: types }: Pick<System, 'events'>,
  { from = 1, to = Number.MAX_SAFE_INTEGER }: { readonly from?: Position; readonly to?: Position },
): AsyncGenerator<CommittedEvents> {
  const declared = RecordedTypes.of(types)
  // The first commit may have begun before the range, and the last one may end after it.
  const stretch = {
    from: from > 1 ? from - 1 : from,
    to: Math.min(checkedPosition(to) + commitEventsMax, Number.MAX_SAFE_INTEGER),
  }
  for await (const [first, ...rest] of commitsIn(store.read('all', stretch))) {
    if (first.position > to) return
    if (first.position >= from) yield declared.newest([first, ...rest]) as unknown as CommittedEvents
  }
}

/** The first position of the commit that has a position, as far as its command id tells. */
export async function commitStart(
  store: Pick<EventStore, 'read' | 'findCommit'>,
  position: Position,
): Promise<Position> {
  for await (const { events } of store.read('all', { from: position, to: position, reserved: true })) {
    const commandId = events[0]?.metadata.commandId
    const commit = typeof commandId === 'string' ? await store.findCommit(commandId) : undefined
    if (commit && commit.firstPosition <= position && position <= commit.lastPosition) return commit.firstPosition
  }
  return position
}
