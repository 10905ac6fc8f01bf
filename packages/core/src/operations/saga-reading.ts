// Reads instances of sagas from the log: in the order in which they started, a bounded number at a time.
import { IndelibleError } from '../kernel/errors.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { AnySaga } from '../kernel/processes/index.ts'
import { type StreamName, streamName } from '../kernel/streams.ts'
import type { Instant } from '../kernel/time.ts'
import { viewOf, type Waiting } from '../runtime/processes/saga-view.ts'
import { endTypes, foldSaga, type SagaState } from '../runtime/processes/state.ts'
import type { EventStore } from '../store/port.ts'
import { sagasReadTogetherMax } from './limits.ts'

/** An instance, as its own stream tells it. */
export interface SagaInstance {
  readonly saga: AnySaga
  readonly id: string
  readonly state: SagaState
  readonly startedAt: Instant
  /** Where it started in the log. */
  readonly startedPosition: Position
  /** When each step got into the state that it is in. */
  readonly since: ReadonlyMap<string, Instant>
  readonly events: number
}

/** A step that an instance is at, what it waits for, since when, and until when if that has an end. */
export type SagaStep = { readonly step: string; readonly since: Instant; readonly until: Instant | null } & (
  | { readonly for: 'command'; readonly commandType: string; readonly to: string; readonly isCompensation: boolean }
  | { readonly for: 'operator'; readonly reason: string }
  | Omitted<Waiting>
)
type Omitted<Kind> = Kind extends unknown ? Omit<Kind, 'step' | 'until'> : never

/** The saga of that name. Throws `unknown_saga`. */
export function declaredSaga(sagas: readonly AnySaga[], name: string): AnySaga {
  const found = sagas.find((each) => each.name === name)
  if (found) return found
  throw new IndelibleError('unknown_saga', `The system declares no saga "${name}".`)
}

/** Where an instance is. */
export function stepsOf({ state, since }: Pick<SagaInstance, 'state' | 'since'>): readonly SagaStep[] {
  const { pending, waiting, compensationFailure } = viewOf(state)
  const at = (step: string) => since.get(step)!
  return [
    ...pending.map(({ step, command, deadline, isCompensation }) => ({
      step,
      since: at(step),
      until: deadline,
      for: 'command' as const,
      commandType: command.type,
      to: `${command.category}-${command.id}`,
      isCompensation,
    })),
    ...waiting.map((wait) => ({ ...wait, since: at(wait.step) })),
    ...(compensationFailure
      ? [
          {
            step: compensationFailure.step,
            since: at(compensationFailure.step),
            until: null,
            for: 'operator' as const,
            reason: compensationFailure.reason,
          },
        ]
      : []),
  ]
}

/** An instance that has ended, where only open ones are wanted: only its first and last events are read. */
export interface PassedInstance {
  readonly startedPosition: Position
  readonly events: 2
}

export function isPassed(instance: SagaInstance | PassedInstance): instance is PassedInstance {
  return !('state' in instance)
}

/** Instances by where they started. They are read some at a time, whatever the caller then does with them. */
export async function* sagaInstances(
  { store, sagas }: { readonly store: EventStore; readonly sagas: readonly AnySaga[] },
  { from = 1, isOpenOnly }: { readonly from?: Position; readonly isOpenOnly: boolean },
): AsyncGenerator<SagaInstance | PassedInstance> {
  if (sagas.length === 0) return
  const categories = sagas.map(({ category }) => category)
  let waiting: RecordedEvent[] = []
  for await (const { events } of store.read([{ categories, types: ['$SagaStarted'] }], { from })) {
    for (const event of events) {
      waiting.push(event)
      if (waiting.length < sagasReadTogetherMax) continue
      yield* read({ store, sagas, isOpenOnly }, waiting)
      waiting = []
    }
  }
  yield* read({ store, sagas, isOpenOnly }, waiting)
}

/** One instance with its events. Throws `saga_missing`, `invalid_stream_name`. */
export async function readInstance(
  store: EventStore,
  saga: AnySaga,
  id: string,
  each: (event: RecordedEvent) => void,
): Promise<SagaInstance> {
  const stream = streamName(saga.category, id)
  let found: Reading | undefined
  for await (const { events } of store.read([{ streams: [stream] }])) {
    for (const event of events) {
      found = withEvent(found, event)
      each(event)
    }
  }
  if (found) return asInstance(found, saga)
  throw new IndelibleError('saga_missing', `No saga "${saga.name}" with the id "${id}" has started.`)
}

interface Reading {
  readonly id: string
  readonly state: SagaState
  readonly startedAt: Instant
  readonly startedPosition: Position
  readonly since: Map<string, Instant>
  events: number
}

async function* read(
  {
    store,
    sagas,
    isOpenOnly,
  }: { readonly store: EventStore; readonly sagas: readonly AnySaga[]; readonly isOpenOnly: boolean },
  starts: readonly RecordedEvent[],
): AsyncGenerator<SagaInstance | PassedInstance> {
  const ended = isOpenOnly ? await endedAmong(store, starts) : new Set<StreamName>()
  const streams = starts.flatMap(({ stream }) => (ended.has(stream) ? [] : [stream]))
  const readings = new Map<StreamName, Reading>()
  for await (const { events } of streams.length > 0 ? store.read([{ streams }]) : []) {
    for (const event of events) readings.set(event.stream, withEvent(readings.get(event.stream), event))
  }
  for (const { stream, category, position: startedPosition } of starts) {
    const reading = readings.get(stream)
    yield reading
      ? asInstance(reading, sagas.find((each) => each.category === category)!)
      : { startedPosition, events: 2 }
  }
}

/** The last event of a saga says that it has ended: the rest of its stream need not be read. */
async function endedAmong(store: EventStore, starts: readonly RecordedEvent[]): Promise<ReadonlySet<StreamName>> {
  const ended = new Set<StreamName>()
  const query = [{ streams: starts.map(({ stream }) => stream), types: endTypes }]
  for await (const { events } of starts.length > 0 ? store.read(query) : [])
    for (const { stream } of events) ended.add(stream)
  return ended
}

function withEvent(before: Reading | undefined, event: RecordedEvent): Reading {
  const { streamId, position, recordedAt, data } = event
  const state = foldSaga([event], before?.state)!
  const reading = before ?? {
    id: streamId,
    state,
    startedAt: recordedAt,
    startedPosition: position,
    since: new Map<string, Instant>(),
    events: 0,
  }
  reading.events++
  const { step } = data as { readonly step?: string | null }
  if (typeof step === 'string') reading.since.set(step, recordedAt)
  return reading
}

function asInstance(reading: Reading, saga: AnySaga): SagaInstance {
  return { ...reading, saga }
}
