// What a kind of saga takes in from the log: events that start one, that one waits for, that cancel one, and what others append to the streams of sagas.
import type { RecordedEvent } from '../../kernel/events.ts'
import { type AnySaga, type AwaitNode, allNodes, type Correlated } from '../../kernel/processes/index.ts'
import type { Query } from '../../kernel/queries.ts'
import { isNamed } from '../../kernel/recorded-forms.ts'
import { RecordedTypes, type Sight } from '../../kernel/upcasts.ts'
import type { Guard } from '../guard/index.ts'
import type { ArrivedEvent, SagaEvent } from './events.ts'
import { isCancellable, type SagaState } from './state.ts'

/** Events that somebody else than the driver of a saga appends to its stream. */
const toldTypes = ['$ChildEnded', '$PersonAnswered', '$SagaCancelled', '$SagaResumed'] as const

/** An event as which a recorded one is seen. */
export interface SeenEvent {
  readonly recorded: RecordedEvent
  readonly id: string
  readonly sight: Sight
  /** The parts of the same recorded event that come before it. */
  readonly before: readonly string[]
}

/** An event that concerns one saga which is under way. */
export interface Concern {
  readonly sagaId: string
  /** What it is told, if it wants to know. */
  readonly say: (state: SagaState) => SagaEvent | undefined
}

export class SagaInputs {
  readonly query: Query
  readonly #saga: AnySaga
  readonly #guard: Guard
  readonly #starts: ReadonlySet<string>
  readonly #awaits: readonly AwaitNode[]
  readonly #types: RecordedTypes

  /** `isChild`: other sagas start sagas of this kind. */
  constructor(saga: AnySaga, { guard, isChild }: { readonly guard: Guard; readonly isChild: boolean }) {
    this.#saga = saga
    this.#guard = guard
    this.#starts = new Set(saga.startsOn.map(({ type }) => type))
    const versions = [saga, ...saga.former]
    this.#awaits = versions.flatMap(({ nodes }) => allNodes(nodes).filter((node) => node.kind === 'await'))
    this.#types = RecordedTypes.of([
      ...saga.startsOn,
      ...this.#awaits.map(({ event }) => event),
      ...saga.cancelsOn.map(({ event }) => event),
    ])
    const { names } = this.#types
    this.query = [
      ...(names.length > 0 ? [{ types: names }] : []),
      { categories: [saga.category], types: [...toldTypes, ...(isChild ? ['$SagaStarted'] : [])] },
    ]
  }

  /** The events as which a recorded one is seen, in their order. */
  seen(recorded: RecordedEvent): readonly SeenEvent[] {
    const sights = this.#types.sightsOf(recorded.type)
    const ids = sights.map((sight) => sight.id(recorded))
    return sights.map((sight, index) => ({ recorded, id: ids[index]!, sight, before: ids.slice(0, index) }))
  }

  starts({ sight }: SeenEvent): boolean {
    return this.#starts.has(sight.type.type)
  }

  /** Whether others have appended it to the stream of a saga of this kind. */
  isTold({ stream }: RecordedEvent): boolean {
    return stream.startsWith(`${this.#saga.category}-`)
  }

  /** The sagas that an event may concern. Throws where `correlate` fails. */
  concerns(seen: SeenEvent): readonly Concern[] {
    const concerns: Concern[] = []
    const { type } = seen.sight.type
    for (const cancels of this.#saga.cancelsOn) {
      if (cancels.event.type !== type) continue
      const data = { reason: type, event: arrivedOf(seen), actor: seen.recorded.metadata.actor ?? null }
      concerns.push({
        sagaId: this.#idFor(cancels.correlate, seen),
        say: (state) =>
          isCancellable(state) && isAfterStart(state, seen) ? { type: '$SagaCancelled', data } : undefined,
      })
    }
    const waiting = new Set<string>()
    for (const node of this.#awaits) {
      if (node.event.type === type) waiting.add(this.#idFor(node.correlate as Correlated['correlate'], seen))
    }
    for (const sagaId of waiting) concerns.push({ sagaId, say: (state) => sayArrived(state, seen) })
    return concerns
  }

  #idFor(correlate: Correlated['correlate'], { sight, recorded }: SeenEvent): string {
    if (!correlate) return recorded.streamId
    const newest = sight.of(recorded)
    return this.#guard.call(`"correlate" of "${sight.type.type}" in saga "${this.#saga.name}"`, () =>
      correlate(newest.data as never, newest),
    )
  }
}

/** An event that comes before the saga waits for it is kept; one that came before the saga began, or comes again, is not wanted. */
function sayArrived(state: SagaState, seen: SeenEvent): SagaEvent | undefined {
  if (state.status !== 'running' || !isAfterStart(state, seen)) return undefined
  const arrived = arrivedOf(seen)
  if (state.arrived.some(({ id }) => id === arrived.id)) return undefined
  for (const node of state.nodes.values())
    if ((node.value as ArrivedEvent | undefined)?.id === arrived.id) return undefined
  for (const [step, { event: began }] of state.waits) {
    if (began.type === '$EventAwaited' && isNamed(seen.sight.type, began.data.eventType))
      return { type: '$EventArrived', data: { step, event: arrived } }
  }
  return { type: '$EventArrived', data: { step: null, event: arrived } }
}

/** Events are taken in again after a crash, then also those that came before the saga. The event that started it may have further parts. */
function isAfterStart({ since, startedBy }: SagaState, { recorded, before }: SeenEvent): boolean {
  return recorded.position > since || before.includes(startedBy.eventId)
}

/** It is kept as it was recorded. Its id says which part it is. */
function arrivedOf({ id, recorded: { type, position, schemaVersion, data } }: SeenEvent): ArrivedEvent {
  return { id, type, position, schemaVersion, data }
}
