// The commit of a turn: its events, and what it says to parents and children, each in its stream.
import type { AnySaga } from '../../kernel/processes/saga.ts'
import { type StreamName, streamName } from '../../kernel/streams.ts'
import { tracedBy } from '../../kernel/traceparent.ts'
import { asDomainEvent, type SagaEvent, type SagaStart } from './events.ts'
import type { SagaState } from './state.ts'

/** An event of a turn, with its id and its trace. */
export type Written = SagaEvent & { readonly id: string; readonly metadata: { readonly traceparent?: string } }

export interface Transition {
  readonly stream: StreamName
  readonly sagaId: string
  readonly state: SagaState
  readonly events: readonly Written[]
  readonly lastEventId: string
  readonly version: number
  /** Who did the first so many events, if not the saga itself. */
  readonly by: { readonly actor: string | undefined; readonly inputs: number }
  readonly traceparent: string | undefined
}

/** What the turn appends, and the versions that it expects. */
export function commitOf(
  saga: AnySaga,
  { stream, sagaId, state, events, lastEventId, version, by, traceparent }: Transition,
) {
  const { correlationId, parent, validAt } = state.startedBy
  const actor = `saga:${saga.name}`
  const made = events.map((event, index) => {
    const causationId = events[index - 1]?.id ?? lastEventId
    const who = index < by.inputs ? (by.actor ?? actor) : actor
    const metadata = { actor: who, correlationId, causationId, ...event.metadata }
    return { ...asDomainEvent(event), id: event.id, stream, metadata }
  })
  const expected: Record<StreamName, number | 'none'> = { [stream]: version === 0 ? 'none' : version }
  const others = events.flatMap((event) => {
    if (event.type === '$ChildStarted') {
      const { saga: child, version: definition, id, step, input } = event.data
      const childStream = streamName(`$saga.${child}`, id)
      expected[childStream] = 'none'
      const startedBy: SagaStart = {
        eventId: event.id,
        type: event.type,
        position: 0,
        schemaVersion: 1,
        correlationId,
        validAt,
        parent: { saga: saga.name, id: sagaId, step },
      }
      const started = { saga: child, version: definition, input, startedBy }
      return [
        { event: { type: '$SagaStarted', data: started } as SagaEvent, stream: childStream, causationId: event.id },
      ]
    }
    if (event.type === '$ChildCancelled') {
      const { saga: child, id } = event.data
      const cancelled = { reason: 'ParentCompensates', event: null, actor }
      return [
        {
          event: { type: '$SagaCancelled', data: cancelled } as SagaEvent,
          stream: streamName(`$saga.${child}`, id),
          causationId: event.id,
        },
      ]
    }
    if (parent && (event.type === '$SagaCompleted' || event.type === '$SagaCompensated')) {
      const ended = { step: parent.step, isCompleted: event.type === '$SagaCompleted' }
      return [
        {
          event: { type: '$ChildEnded', data: ended } as SagaEvent,
          stream: streamName(`$saga.${parent.saga}`, parent.id),
          causationId: event.id,
        },
      ]
    }
    return []
  })
  const beside = others.map(({ event, stream: other, causationId }) => ({
    ...asDomainEvent(event),
    stream: other,
    metadata: { actor, correlationId, causationId, ...tracedBy(traceparent) },
  }))
  return { events: [...made, ...beside], expected }
}
