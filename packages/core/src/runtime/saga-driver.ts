// Drives one saga from wherever its stream says it is to its end. Everything it does may be done again after a crash.
import type { Command } from '../kernel/aggregates.ts'
import { type ErrorCode, IndelibleError, isIndelibleError } from '../kernel/errors.ts'
import type { Saga } from '../kernel/sagas.ts'
import { type StreamName, streamName } from '../kernel/streams.ts'
import type { Clock } from '../kernel/time.ts'
import type { AppendOutcome, EventStore } from '../store/port.ts'
import type { CommandOutcome, SendOptions } from './command-handler.ts'
import { asDomainEvent, foldSaga, nextMove, type SagaEvent, type SagaState } from './saga-state.ts'
import { backoff } from './waiting.ts'

export interface SagaDriverParts {
  readonly saga: Saga
  readonly store: EventStore
  readonly send: (command: Command, options: SendOptions) => Promise<CommandOutcome>
  readonly clock: Clock
  /** Told of a fault that is tried again, and with nothing when a command was answered. */
  readonly onFault: (error: unknown) => void
}

/** The saga's stream as it is now, or nothing if no such saga was started. */
export async function loadSaga(store: EventStore, stream: StreamName): Promise<SagaState | undefined> {
  let state: SagaState | undefined
  for await (const { events } of store.read([{ streams: [stream] }])) state = foldSaga(events, state)
  return state
}

/**
 * Resolves with the last state when the saga has ended or is stuck, or the signal aborts.
 * Throws what a step's code throws, and faults that trying again cannot mend.
 */
export async function driveSaga(
  parts: SagaDriverParts,
  sagaId: string,
  signal: AbortSignal,
): Promise<SagaState | undefined> {
  const { saga, store, clock } = parts
  const stream = streamName(saga.category, sagaId)
  let state = await loadSaga(store, stream)

  while (state && !signal.aborted) {
    const pending = state.pending
    if (pending) {
      const answer = await obtainAnswer(parts, { sagaId, state, pending, signal })
      if (!answer) return state
      state = await record(parts, { stream, sagaId, state, event: answer.event, claim: answer.claim })
    } else {
      const move = nextMove(saga, sagaId, state, clock.now())
      if (!move) return state
      state = await record(parts, { stream, sagaId, state, event: move, claim: undefined })
    }
  }
  return state
}

interface Answer {
  readonly event: SagaEvent
  /** The command id to take, so that from now on the command can no longer be carried out. */
  readonly claim: string | undefined
}

/** Sends the pending command until it is answered or its deadline has passed. */
async function obtainAnswer(
  { saga, send, clock, onFault }: SagaDriverParts,
  {
    sagaId,
    state,
    pending,
    signal,
  }: { sagaId: string; state: SagaState; pending: NonNullable<SagaState['pending']>; signal: AbortSignal },
): Promise<Answer | undefined> {
  const { step, commandId, undo, deadline } = pending
  const { correlationId, eventId, validAt } = state.startedBy
  const options: SendOptions = {
    commandId,
    correlationId,
    causationId: eventId,
    actor: `saga:${saga.name}`,
    metadata: { saga: saga.name, sagaId },
    ...(validAt === null ? {} : { validAt }),
  }
  for (let attempt = 0; !signal.aborted; attempt++) {
    if (deadline !== null && clock.now() >= Date.parse(deadline)) {
      return { event: { type: 'StepTimedOut', data: { step } }, claim: commandId }
    }
    try {
      const outcome = await send(pending.command, options)
      onFault(undefined)
      if (outcome.status === 'accepted') {
        return {
          event: { type: undo ? 'UndoDone' : 'StepDone', data: { step, position: outcome.position } },
          claim: undefined,
        }
      }
      if (outcome.status === 'refused') {
        const { reason, details } = outcome
        return {
          event: { type: undo ? 'UndoRefused' : 'StepRefused', data: { step, reason, details } },
          claim: commandId,
        }
      }
    } catch (error) {
      const reason = impossibleReason(error)
      if (reason) {
        const details = { message: (error as Error).message }
        return {
          event: { type: undo ? 'UndoRefused' : 'StepRefused', data: { step, reason, details } },
          claim: commandId,
        }
      }
      if (!isIndelibleError(error) || !error.retryable) throw error
      onFault(error)
    }
    await backoff(attempt, signal)
  }
  return undefined
}

/** Commands that nobody can ever carry out are as good as refused: the saga has to compensate, not to wait. */
const impossible: readonly ErrorCode[] = ['invalid_command', 'invalid_stream_name', 'unknown_command', 'invalid_event']

function impossibleReason(error: unknown): ErrorCode | undefined {
  return impossible.find((code) => isIndelibleError(error, code))
}

/** Appends an event together with the next outgoing command, and gives the state after it. */
async function record(
  parts: SagaDriverParts,
  {
    stream,
    sagaId,
    state,
    event,
    claim,
  }: {
    stream: StreamName
    sagaId: string
    state: SagaState
    event: SagaEvent
    claim: string | undefined
  },
): Promise<SagaState | undefined> {
  const { store, saga, clock } = parts
  const events = [event, ...followUp(saga, sagaId, foldSaga([event], state)!, clock.now())]
  const outcome = await appendSaga(parts, { stream, state, events, claim })
  if (outcome.status === 'written') return foldSaga(events, state)
  // Conflict: the stream moved on without us, so look again. Duplicate: so it did, or the command had been carried out and its answer got lost.
  const now = await loadSaga(store, stream)
  if (outcome.status === 'conflict' || now!.version > state.version) return now
  const { step, undo } = state.pending!
  const done: SagaEvent = { type: undo ? 'UndoDone' : 'StepDone', data: { step, position: outcome.lastPosition } }
  return await record(parts, { stream, sagaId, state, event: done, claim: undefined })
}

/** The command that comes next. If its code throws, the transition before it is still recorded and the error comes up when the saga is driven on. */
function followUp(saga: Saga, sagaId: string, state: SagaState, nowMs: number): SagaEvent[] {
  try {
    const move = state.pending ? undefined : nextMove(saga, sagaId, state, nowMs)
    return move ? [move] : []
  } catch {
    return []
  }
}

async function appendSaga(
  { saga, store }: SagaDriverParts,
  {
    stream,
    state,
    events,
    claim,
  }: { stream: StreamName; state: SagaState; events: readonly SagaEvent[]; claim: string | undefined },
): Promise<AppendOutcome> {
  const { correlationId, eventId } = state.startedBy
  const metadata = { actor: `saga:${saga.name}`, correlationId, causationId: eventId }
  return await store.append({
    events: events.map((event) => ({ ...asDomainEvent(event), stream, metadata })),
    expected: { [stream]: state.version } as Record<StreamName, number>,
    ...(claim === undefined ? {} : { commandId: claim }),
  })
}

/** Records that somebody wants a stuck saga to try its undo again. False where it is not stuck. */
export async function resumeStuckSaga(
  store: EventStore,
  stream: StreamName,
  actor: string | undefined,
): Promise<boolean> {
  const state = await loadSaga(store, stream)
  if (!state) throw new IndelibleError('unknown_saga', `There is no saga ${stream}.`)
  if (state.status !== 'stuck') return false
  const event: SagaEvent = { type: 'SagaResumed', data: { actor: actor ?? null } }
  const outcome = await store.append({
    events: [
      {
        ...asDomainEvent(event),
        stream,
        metadata: { ...(actor === undefined ? {} : { actor }), correlationId: state.startedBy.correlationId },
      },
    ],
    expected: { [stream]: state.version } as Record<StreamName, number>,
  })
  return outcome.status === 'written'
}
