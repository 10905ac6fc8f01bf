// Drives one saga from the state in its stream as far as it gets. After a crash, each of its actions may be repeated.
import type { Command } from '../../kernel/commands.ts'
import { type ErrorCode, IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import type { Position } from '../../kernel/positions.ts'
import type { AnySaga as Saga } from '../../kernel/sagas.ts'
import { type StreamName, streamName } from '../../kernel/streams.ts'
import type { Clock } from '../../kernel/time.ts'
import type { AppendOutcome, EventStore } from '../../store/port.ts'
import type { CommandOutcome, SendOptions } from '../commands/outcome.ts'
import {
  asDomainEvent,
  checkFits,
  foldSaga,
  nextMove,
  type SagaEvent,
  type SagaState,
  sentAgain,
} from './saga-state.ts'

export interface SagaDriverContext {
  readonly saga: Saga
  readonly store: EventStore
  readonly send: (command: Command, options: SendOptions) => Promise<CommandOutcome>
  readonly clock: Clock
  readonly ids: IdGenerator
}

/** How far a saga was driven. */
export interface Driven {
  /** Nothing if there is no such saga. */
  readonly state: SagaState | undefined
  /** A temporary fault: drive it again after a while. Without a fault the saga has ended, its compensation failed, or the signal aborted. */
  readonly fault: string | undefined
}

/** The current state of a saga, or nothing if there is no such saga. */
export async function loadSaga(store: EventStore, stream: StreamName): Promise<SagaState | undefined> {
  let state: SagaState | undefined
  for await (const { events } of store.read([{ streams: [stream] }])) state = foldSaga(events, state)
  return state
}

/**
 * Throws if the saga needs intervention: the code of a step fails, its command cannot be carried out, or the code no longer fits the history of the saga.
 * It also throws permanent faults of the store.
 */
export async function driveSaga(context: SagaDriverContext, sagaId: string, signal: AbortSignal): Promise<Driven> {
  const { saga, store, clock } = context
  const stream = streamName(saga.category, sagaId)
  let state: SagaState | undefined
  try {
    const found = await loadSaga(store, stream)
    state = found
    while (state && !signal.aborted) {
      let move: Move | { readonly fault: string }
      if (state.pending) {
        move = await answered(context, { sagaId, state, pending: state.pending, sentBefore: state === found })
        if ('fault' in move) return { state, fault: move.fault }
      } else {
        const event = nextMove(saga, sagaId, state, clock.now())
        if (!event) break
        move = { event, claim: undefined }
      }
      state = await record(context, { stream, sagaId, state, move })
    }
    return { state, fault: undefined }
  } catch (error) {
    if (!isIndelibleError(error) || !error.retryable) throw error
    return { state, fault: String(error) }
  }
}

interface Move {
  readonly event: SagaEvent
  /** A command id to claim, so that the command with this id can no longer be carried out. */
  readonly claim: string | undefined
}

interface Asked {
  readonly sagaId: string
  readonly state: SagaState
  readonly pending: NonNullable<SagaState['pending']>
  /** The command was recorded before this drive, perhaps by other code. */
  readonly sentBefore: boolean
}

/** Sends the pending command once, unless its deadline has passed. */
async function answered(context: SagaDriverContext, asked: Asked): Promise<Move | { readonly fault: string }> {
  const { saga, send, clock } = context
  const { state, pending } = asked
  const { step, commandId, isCompensation, deadline } = pending
  try {
    checkFits(saga, state)
  } catch (misfit) {
    return await unanswered(context, asked, misfit)
  }
  if (deadline !== null && clock.now() >= Date.parse(deadline)) {
    return { event: { type: '$StepTimedOut', data: { step } }, claim: commandId }
  }
  let outcome: CommandOutcome
  try {
    outcome = await send(pending.command, sendOptions(saga, asked))
  } catch (error) {
    if (isIndelibleError(error) && (error.retryable || faultsOfTheStore.includes(error.code))) throw error
    return await unanswered(context, asked, impossible(pending, error))
  }
  if (outcome.status === 'conflict') return { fault: `Other commands changed ${outcome.stream} at each try.` }
  if (outcome.status === 'accepted') return done(pending, outcome.position)
  const { reason, details } = outcome
  const type = isCompensation ? '$CompensationRefused' : '$StepRefused'
  const given = details as Readonly<Record<string, unknown>>
  return { event: { type, data: { step, reason, details: given } }, claim: commandId }
}

const faultsOfTheStore: readonly ErrorCode[] = ['store_closed', 'store_poisoned', 'store_read_only', 'log_corrupt']

/**
 * The command cannot be carried out because of a fault in the code: it is not declared, its input does not fit, or its decision breaks a law. This is not
 * a refusal of the domain, so nothing is compensated: the saga waits until the code is corrected. Throws the problem unless the code is corrected already.
 */
async function unanswered({ saga, store, clock }: SagaDriverContext, asked: Asked, problem: unknown): Promise<Move> {
  const { sagaId, state, pending, sentBefore } = asked
  // Older code may have carried it out.
  const written = await store.findCommit(pending.commandId)
  if (written) return done(pending, written.lastPosition)
  const corrected = sentBefore ? orNothing(() => sentAgain(saga, sagaId, state, clock.now())) : undefined
  // Both have the same id, so at most one of them is carried out.
  if (corrected && !isSame(corrected.data.command, pending.command)) return { event: corrected, claim: undefined }
  if (pending.deadline !== null) {
    // The time until an intervention must not count as a timeout of the step.
    const { isCompensation: _, ...sent } = pending
    return { event: { type: '$StepSent', data: { ...sent, deadline: null } }, claim: undefined }
  }
  throw problem
}

function impossible({ step, isCompensation, command }: Asked['pending'], cause: unknown): IndelibleError {
  const which = isCompensation ? `The compensation of step "${step}"` : `Step "${step}"`
  const fault = isIndelibleError(cause) ? `${cause.code}: ${cause.message}` : String(cause)
  return new IndelibleError(
    'invalid_declaration',
    `${which} sent "${command.type}" to ${command.category}-${command.id}, which cannot be carried out. Correct the code, then restart or resume the saga. ${fault}`,
    { cause },
  )
}

function done({ step, isCompensation }: Asked['pending'], position: Position): Move {
  return {
    event: { type: isCompensation ? '$CompensationDone' : '$StepDone', data: { step, position } },
    claim: undefined,
  }
}

function sendOptions(saga: Saga, { sagaId, state, pending }: Asked): SendOptions {
  const { correlationId, validAt } = state.startedBy
  return {
    commandId: pending.commandId,
    correlationId,
    // The event that recorded the command.
    causationId: state.lastEventId,
    actor: `saga:${saga.name}`,
    metadata: { saga: saga.name, sagaId },
    ...(validAt === null ? {} : { validAt }),
  }
}

type IdentifiedEvent = SagaEvent & { readonly id: string }

/** Appends an event together with the next command, and returns the state after them. */
async function record(
  context: SagaDriverContext,
  { stream, sagaId, state, move }: { stream: StreamName; sagaId: string; state: SagaState; move: Move },
): Promise<SagaState | undefined> {
  const { store, saga, clock, ids } = context
  const event = { ...asRead(move.event), id: ids() }
  const next = followUp(saga, sagaId, foldSaga([event], state)!, clock.now())
  const events = next ? [event, { ...next, id: ids() }] : [event]
  const outcome = await appendSaga(context, { stream, state, events, claim: move.claim })
  if (outcome.status === 'written') return foldSaga(events, state)
  // Conflict: the stream has new events, so load it again. Duplicate: the same, or the command was carried out and its answer was lost.
  const now = await loadSaga(store, stream)
  if (outcome.status === 'conflict' || now!.version > state.version) return now
  return await record(context, { stream, sagaId, state, move: done(state.pending!, outcome.lastPosition) })
}

/** The next command. If its code throws, the transition before it is recorded, and the next drive throws the error. */
function followUp(saga: Saga, sagaId: string, state: SagaState, nowMs: number): SagaEvent | undefined {
  return state.pending ? undefined : orNothing(() => nextMove(saga, sagaId, state, nowMs))
}

/** The event as it is read from the log, so that a restart in between makes no difference to the saga. */
function asRead(event: SagaEvent): SagaEvent {
  return JSON.parse(JSON.stringify(event))
}

function isSame(left: Command, right: Command): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

function orNothing<Value>(make: () => Value): Value | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

async function appendSaga(
  { saga, store }: SagaDriverContext,
  {
    stream,
    state,
    events,
    claim,
  }: { stream: StreamName; state: SagaState; events: readonly IdentifiedEvent[]; claim: string | undefined },
): Promise<AppendOutcome> {
  const { correlationId } = state.startedBy
  const actor = `saga:${saga.name}`
  const commit = {
    events: events.map((event, index) => {
      const causationId = events[index - 1]?.id ?? state.lastEventId
      return { ...asDomainEvent(event), id: event.id, stream, metadata: { actor, correlationId, causationId } }
    }),
    expected: { [stream]: state.version } as Record<StreamName, number>,
    ...(claim === undefined ? {} : { commandId: claim }),
  }
  return await store.append(commit, { reserved: true })
}

/** Records that a person resumed a saga whose compensation failed. False if it did not fail. */
export async function resumeFailedCompensation(
  store: EventStore,
  stream: StreamName,
  actor: string | undefined,
): Promise<boolean> {
  const state = await loadSaga(store, stream)
  if (!state) throw new IndelibleError('unknown_saga', `The saga ${stream} does not exist.`)
  if (state.status !== 'compensationFailed') return false
  const event = asDomainEvent({ type: '$SagaResumed', data: { actor: actor ?? null } })
  const { correlationId } = state.startedBy
  const metadata = { ...(actor === undefined ? {} : { actor }), correlationId, causationId: state.lastEventId }
  const expected = { [stream]: state.version } as Record<StreamName, number>
  const outcome = await store.append({ events: [{ ...event, stream, metadata }], expected }, { reserved: true })
  return outcome.status === 'written'
}
