// What a kind of saga takes in from the log: events that start one, that one waits for, that cancel one, and what others append to the streams of sagas.
import type { RecordedEvent } from '../../kernel/events.ts'
import { type AnySaga, type AwaitNode, allNodes, type Correlated } from '../../kernel/processes/index.ts'
import type { Query } from '../../kernel/queries.ts'
import { inNewestForm } from '../../kernel/upcasts.ts'
import type { Guard } from '../guard/index.ts'
import type { ArrivedEvent, SagaEvent } from './events.ts'
import { isCancellable, type SagaState } from './state.ts'

/** Events that somebody else than the driver of a saga appends to its stream. */
const toldTypes = ['$ChildEnded', '$PersonAnswered', '$SagaCancelled', '$SagaResumed'] as const

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

  /** `isChild`: other sagas start sagas of this kind. */
  constructor(saga: AnySaga, { guard, isChild }: { readonly guard: Guard; readonly isChild: boolean }) {
    this.#saga = saga
    this.#guard = guard
    this.#starts = new Set(saga.startsOn.map(({ type }) => type))
    const versions = [saga, ...saga.former]
    this.#awaits = versions.flatMap(({ nodes }) => allNodes(nodes).filter((node) => node.kind === 'await'))
    const types = new Set([
      ...this.#starts,
      ...this.#awaits.map(({ event }) => event.type),
      ...saga.cancelsOn.map(({ event }) => event.type),
    ])
    this.query = [
      ...(types.size > 0 ? [{ types: [...types] }] : []),
      { categories: [saga.category], types: [...toldTypes, ...(isChild ? ['$SagaStarted'] : [])] },
    ]
  }

  starts({ type }: RecordedEvent): boolean {
    return this.#starts.has(type)
  }

  /** Whether others have appended it to the stream of a saga of this kind. */
  isTold({ stream }: RecordedEvent): boolean {
    return stream.startsWith(`${this.#saga.category}-`)
  }

  /** The sagas that an event may concern. Throws where `correlate` fails. */
  concerns(event: RecordedEvent): readonly Concern[] {
    const concerns: Concern[] = []
    for (const cancels of this.#saga.cancelsOn) {
      if (cancels.event.type !== event.type) continue
      const data = { reason: event.type, event: arrivedOf(event), actor: event.metadata.actor ?? null }
      concerns.push({
        sagaId: this.#idFor(cancels.event, cancels.correlate, event),
        say: (state) => (isCancellable(state) ? { type: '$SagaCancelled', data } : undefined),
      })
    }
    const waiting = new Set<string>()
    for (const node of this.#awaits) {
      if (node.event.type === event.type)
        waiting.add(this.#idFor(node.event, node.correlate as Correlated['correlate'], event))
    }
    for (const sagaId of waiting) concerns.push({ sagaId, say: (state) => sayArrived(state, event) })
    return concerns
  }

  #idFor(type: Correlated['event'], correlate: Correlated['correlate'], event: RecordedEvent): string {
    if (!correlate) return event.streamId
    const newest = inNewestForm(type, event)
    return this.#guard.call(`"correlate" of "${type.type}" in saga "${this.#saga.name}"`, () =>
      correlate(newest.data as never, newest),
    )
  }
}

/** An event that comes before the saga waits for it is kept; one that came before the saga began, or comes again, is not wanted. */
function sayArrived(state: SagaState, event: RecordedEvent): SagaEvent | undefined {
  if (state.status !== 'running' || event.position <= state.startedBy.position) return undefined
  const arrived = arrivedOf(event)
  if (state.arrived.some(({ id }) => id === arrived.id)) return undefined
  for (const node of state.nodes.values())
    if ((node.value as ArrivedEvent | undefined)?.id === arrived.id) return undefined
  for (const [step, { event: began }] of state.waits) {
    if (began.type === '$EventAwaited' && began.data.eventType === event.type)
      return { type: '$EventArrived', data: { step, event: arrived } }
  }
  return { type: '$EventArrived', data: { step: null, event: arrived } }
}

function arrivedOf({ id, type, position, schemaVersion, data }: RecordedEvent): ArrivedEvent {
  return { id, type, position, schemaVersion, data }
}
