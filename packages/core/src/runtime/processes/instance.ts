// The stream of one saga: loading it, and appending a turn to it as one commit.
import { IndelibleError } from '../../kernel/errors.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import type { AnySaga } from '../../kernel/processes/saga.ts'
import { type StreamName, streamName } from '../../kernel/streams.ts'
import type { Clock } from '../../kernel/time.ts'
import { tracedBy } from '../../kernel/traceparent.ts'
import { recordedId } from '../../kernel/viewed-event.ts'
import type { AppendOutcome, EventStore } from '../../store/port.ts'
import type { By } from '../consumers/by.ts'
import type { Guard } from '../guard/index.ts'
import { appendTo, spans, type Telemetry } from '../telemetry/index.ts'
import { asDomainEvent, type SagaEvent } from './events.ts'
import { nextMoves } from './plan.ts'
import { foldSaga, hasEnded, type SagaState, traceparentOf } from './state.ts'
import { commitOf, type Written } from './turn-commit.ts'

export interface SagaInstanceOptions {
  readonly saga: AnySaga
  readonly store: EventStore
  readonly clock: Clock
  readonly ids: IdGenerator
  readonly guard: Guard
  readonly telemetry: Telemetry
}

/** What a turn came to. After a conflict others have appended to the stream, and `state` is what it is now. */
export interface Turn {
  readonly status: AppendOutcome['status']
  readonly state: SagaState
  /** Nothing follows until something comes in, or the time of a wait is over. */
  readonly isSettled: boolean
  /** Of a duplicate: where the command that was to be made impossible had been carried out. */
  readonly position: number | undefined
}

/** The saga's stream as it is now, or nothing if no such saga was started. */
export async function loadSaga(store: EventStore, stream: StreamName): Promise<SagaState | undefined> {
  let state: SagaState | undefined
  for await (const { events } of store.read([{ streams: [stream] }])) state = foldSaga(events, state)
  return state
}

/** The definition that an instance runs on: the one it began on, where that is kept, and else the newest. */
export function definitionOf(saga: AnySaga, { definition }: SagaState): AnySaga {
  return saga.former.find(({ version }) => version === definition) ?? saga
}

/** Of a saga that begins: the event that started it. */
function causeOf(event: SagaEvent): string {
  return event.type === '$SagaStarted' ? recordedId(event.data.startedBy.eventId) : ''
}

interface Inputs {
  readonly state: SagaState | undefined
  readonly inputs: readonly SagaEvent[]
  readonly claim?: string | undefined
  /** Who did what came in, if not the saga itself. */
  readonly actor?: string | undefined
  /** The traceparent of what came in. A saga that begins continues it; later it is only a link, so that a saga has one trace. */
  readonly cause?: string | undefined
  /** What follows is left to the next turn. */
  readonly isAlone?: boolean
}

/**
 * Appends what came in, together with all that follows from it. `claim` is the id of a command that can no longer be carried out after that.
 * Changes the state that it is given.
 */
export async function takeTurn(options: SagaInstanceOptions, sagaId: string, inputs: Inputs): Promise<Turn> {
  const { saga, telemetry } = options
  return await telemetry.traced(turnOf(saga, inputs.state, inputs.cause), ({ traceparent }) =>
    turnIn(traceparent, options, sagaId, inputs),
  )
}

function turnOf({ name }: AnySaga, state: SagaState | undefined, cause: string | undefined) {
  const own = state && traceparentOf(state)
  const links = own === undefined ? [] : [cause]
  return { span: spans.turn, attributes: { 'indelible.saga': name }, parent: own ?? cause, links }
}

async function turnIn(
  traceparent: string | undefined,
  options: SagaInstanceOptions,
  sagaId: string,
  { state: before, inputs, claim, actor, isAlone = false }: Inputs,
): Promise<Turn> {
  const { saga, store, ids, clock, guard, telemetry } = options
  const stream = streamName(saga.category, sagaId)
  const { version, lastEventId } = before ?? { version: 0, lastEventId: causeOf(inputs[0]!) }
  const events: Written[] = []
  let folded = before
  const add = (event: SagaEvent) => {
    const written = { ...event, id: ids(), metadata: tracedBy(traceparent) }
    events.push(written)
    folded = foldSaga([written], folded)
  }
  for (const input of inputs) add(asRead(input))
  const state = folded!
  const walked = { saga: definitionOf(saga, state), sagaId, state, guard, nowMs: clock.now() }
  const isSettled = !isAlone && addMoves(walked, { add, isRequired: inputs.length === 0 })
  const by = { actor, inputs: inputs.length }
  const commit = {
    ...commitOf(saga, { stream, sagaId, state, events, lastEventId, version, by, traceparent }),
    ...(claim === undefined ? {} : { commandId: claim }),
  }
  const outcome = await appendTo(store, telemetry)(commit, { reserved: true }, traceparent)
  if (outcome.status === 'written') {
    state.position = outcome.firstPosition + events.length - 1
    return { status: 'written', state, isSettled, position: undefined }
  }
  const found = await loadSaga(store, stream)
  if (outcome.status === 'conflict' && (found?.version ?? 0) === version) {
    // What came in is recorded all the same; the problem comes up when the saga is driven on.
    if (inputs.length > 0)
      return await turnIn(traceparent, options, sagaId, { state: found, inputs, claim, actor, isAlone: true })
    throw takenChild(saga, events)
  }
  const now = found!
  // A duplicate whose stream has gone on is this very commit, or the answer of another process.
  const isCarriedOut = outcome.status === 'duplicate' && now.version === version
  return {
    status: isCarriedOut ? 'duplicate' : 'conflict',
    state: now,
    isSettled: false,
    position: isCarriedOut ? outcome.lastPosition : undefined,
  }
}

/** Where nothing was appended to its own stream, it is a child that cannot be started. */
function takenChild({ name }: AnySaga, events: readonly Written[]): IndelibleError {
  const children = events.flatMap((event) => (event.type === '$ChildStarted' ? [event.data] : []))
  const ids = children.map(({ step, saga, id }) => `step "${step}" starts ${saga} ${id}`).join(', ')
  return new IndelibleError(
    'invalid_declaration',
    `Saga "${name}" starts a child with an id that another has: ${ids}. Give each child an id of its own, such as one made from sagaId.`,
  )
}

/** After other moves nothing more follows until something comes in. */
const leadOn: ReadonlySet<SagaEvent['type']> = new Set(['$BranchTaken', '$ListTaken', '$EventArrived'])

/**
 * Adds all that follows. If the code of what comes next throws, what came in is recorded all the same, and the error comes up when the saga is driven on:
 * then this gives false.
 */
function addMoves(
  walked: Parameters<typeof nextMoves>[0],
  { add, isRequired }: { readonly add: (event: SagaEvent) => void; readonly isRequired: boolean },
): boolean {
  let mayThrow = isRequired
  try {
    for (;;) {
      const moves = nextMoves(walked)
      mayThrow = false
      moves.forEach(add)
      if (!moves.some(({ type }) => leadOn.has(type))) return true
    }
  } catch (error) {
    if (mayThrow) throw error
    return false
  }
}

/** As it is read back, whatever an answer or the details of a refusal are: what a saga goes on with must not depend on a restart between. */
export function asRead(event: SagaEvent): SagaEvent {
  return JSON.parse(JSON.stringify(event))
}

/** Appends what somebody else than the saga's own driver has to say to it. Gives nothing where the saga has ended, or does not want it any more. */
export async function tell(
  { saga, store, telemetry }: Pick<SagaInstanceOptions, 'saga' | 'store' | 'telemetry'>,
  sagaId: string,
  say: (state: SagaState) => SagaEvent | undefined,
  { actor, traceparent: cause }: By,
): Promise<SagaState | undefined> {
  const stream = streamName(saga.category, sagaId)
  for (;;) {
    const state = await loadSaga(store, stream)
    if (!state) throw new IndelibleError('unknown_saga', `There is no saga ${stream}.`)
    const event = hasEnded(state) ? undefined : say(state)
    if (!event) return undefined
    const known = {
      ...(actor === undefined ? {} : { actor }),
      correlationId: state.startedBy.correlationId,
      causationId: state.lastEventId,
    }
    const expected = { [stream]: state.version } as Record<StreamName, number>
    const outcome = await telemetry.traced(turnOf(saga, state, cause), async ({ traceparent }) => {
      const metadata = { ...known, ...tracedBy(traceparent) }
      const commit = { events: [{ ...asDomainEvent(event), stream, metadata }], expected }
      return await appendTo(store, telemetry)(commit, { reserved: true }, traceparent)
    })
    if (outcome.status === 'written') return state
  }
}
