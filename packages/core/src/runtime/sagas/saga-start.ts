// Records the start of a saga: the first event of its stream.

import type { RecordedEvent } from '../../kernel/events.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import type { AnySaga as Saga } from '../../kernel/sagas.ts'
import { type StreamName, streamName } from '../../kernel/streams.ts'
import type { EventStore } from '../../store/port.ts'
import { asDomainEvent, type SagaEvent } from './saga-state.ts'

export interface SagaStartContext {
  readonly saga: Saga
  readonly store: EventStore
  readonly ids: IdGenerator
}

/** There is one saga for each stream of start events. If it exists already, nothing is recorded. Throws what the store throws. */
export async function recordSagaStart({ saga, store, ids }: SagaStartContext, event: RecordedEvent): Promise<void> {
  const stream = streamName(saga.category, event.streamId)
  const correlationId = event.metadata.correlationId ?? event.id
  const { id: eventId, position, schemaVersion, validAt = null } = event
  const startedBy = { eventId, position, schemaVersion, correlationId, validAt }
  const started: SagaEvent = { type: '$SagaStarted', data: { saga: saga.name, input: event.data, startedBy } }
  const metadata = { actor: `saga:${saga.name}`, correlationId, causationId: event.id }
  const expected = { [stream]: 'none' } as Record<StreamName, 'none'>
  await store.append(
    { events: [{ ...asDomainEvent(started), id: ids(), stream, metadata }], expected },
    { reserved: true },
  )
}
