// The life of one saga as a pure state machine over the events in its own stream. Whatever happens to the process, the fold says what is left to do.
import type { Command } from '../kernel/aggregates.ts'
import type { DomainEvent } from '../kernel/event-types.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position, Version } from '../kernel/positions.ts'
import { durationMs, type Saga, type Step } from '../kernel/sagas.ts'
import { type Instant, instant, type ValidTime } from '../kernel/time.ts'

/** What the stream of a saga records. Each transition is one commit, together with the command it sends out next. */
export type SagaEvent =
  | { type: 'SagaStarted'; data: { saga: string; input: unknown; startedBy: SagaStart } }
  | { type: 'StepSent' | 'UndoSent'; data: SentCommand }
  | { type: 'StepDone' | 'UndoDone'; data: { step: string; position: Position } }
  | { type: 'StepRefused' | 'UndoRefused'; data: SagaFailure }
  | { type: 'StepTimedOut'; data: { step: string } }
  | { type: 'SagaResumed'; data: { actor: string | null } }
  | { type: 'SagaCompleted' | 'SagaCompensated'; data: Record<string, never> }

/** The event that started the saga. */
export interface SagaStart {
  readonly eventId: string
  readonly position: Position
  readonly correlationId: string
  readonly validAt: ValidTime | null
}

/** A command that the saga has recorded and must get an answer to. Its id makes sending it again harmless. */
export interface SentCommand {
  readonly step: string
  readonly commandId: string
  readonly command: Command
  /** When the step counts as failed, if it has a timeout. */
  readonly deadline: Instant | null
}

export interface SagaFailure {
  readonly step: string
  readonly reason: string
  readonly details: Readonly<Record<string, unknown>>
}

/**
 * `running` forwards, `compensating` backwards; `completed` and `compensated` are ends.
 * `stuck`: an undo was refused. Somebody has to look at it and resume it.
 */
export type SagaStatus = 'running' | 'compensating' | 'completed' | 'compensated' | 'stuck'

export interface SagaState {
  readonly status: SagaStatus
  readonly input: unknown
  readonly startedBy: SagaStart
  /** Steps that took effect and were not undone, in order. */
  readonly done: readonly string[]
  /** The command that awaits its answer. */
  readonly pending: (SentCommand & { readonly undo: boolean }) | null
  /** Why the saga compensates. */
  readonly failure: SagaFailure | null
  /** Why it is stuck. */
  readonly undoFailure: SagaFailure | null
  /** How often it was resumed: a resumed undo is a new command. */
  readonly resumed: number
  readonly version: Version
}

/** The state after the events of a saga's stream, or nothing if there are none. */
export function foldSaga(
  events: readonly Pick<RecordedEvent, 'type' | 'data'>[],
  from?: SagaState,
): SagaState | undefined {
  let state = from
  for (const event of events) state = evolveSaga(state, event as SagaEvent)
  return state
}

export function hasEnded({ status }: SagaState): boolean {
  return status === 'completed' || status === 'compensated'
}

function evolveSaga(before: SagaState | undefined, event: SagaEvent): SagaState {
  if (event.type === 'SagaStarted') {
    const { input, startedBy } = event.data
    const fresh = { status: 'running', done: [], pending: null, failure: null, undoFailure: null, resumed: 0 } as const
    return { ...fresh, input, startedBy, version: 1 }
  }
  const state = { ...before!, version: before!.version + 1 }
  switch (event.type) {
    case 'StepSent':
      return { ...state, pending: { ...event.data, undo: false } }
    case 'UndoSent':
      return { ...state, pending: { ...event.data, undo: true } }
    case 'StepDone':
      return { ...state, pending: null, done: [...state.done, event.data.step] }
    case 'UndoDone':
      return { ...state, pending: null, done: state.done.filter((step) => step !== event.data.step) }
    case 'StepRefused':
      return { ...state, pending: null, status: 'compensating', failure: event.data }
    case 'StepTimedOut':
      return {
        ...state,
        pending: null,
        status: 'compensating',
        failure: { ...event.data, reason: 'TimedOut', details: {} },
      }
    case 'UndoRefused':
      return { ...state, pending: null, status: 'stuck', undoFailure: event.data }
    case 'SagaResumed':
      return { ...state, status: 'compensating', undoFailure: null, resumed: state.resumed + 1 }
    case 'SagaCompleted':
      return { ...state, status: 'completed' }
    case 'SagaCompensated':
      return { ...state, status: 'compensated' }
  }
}

/** What a saga without a pending command does next: send a step, take one back, or end. Nothing when it has ended or is stuck. */
export function nextMove(saga: Saga, sagaId: string, state: SagaState, nowMs: number): SagaEvent | undefined {
  if (state.status === 'running') {
    const step = saga.steps.find(({ name }) => !state.done.includes(name))
    if (!step) return { type: 'SagaCompleted', data: {} }
    const deadline = step.timeout === undefined ? null : instant(nowMs + durationMs(step.timeout))
    return {
      type: 'StepSent',
      data: sentCommand(saga, sagaId, { state, step, make: step.send, attempt: 'do', deadline }),
    }
  }
  if (state.status === 'compensating') {
    const step = saga.steps.findLast(({ name, undo }) => undo && state.done.includes(name))
    if (!step) return { type: 'SagaCompensated', data: {} }
    const attempt = `undo${state.resumed || ''}`
    return {
      type: 'UndoSent',
      data: sentCommand(saga, sagaId, { state, step, make: step.undo!, attempt, deadline: null }),
    }
  }
  return undefined
}

function sentCommand(
  saga: Saga,
  sagaId: string,
  {
    state,
    step,
    make,
    attempt,
    deadline,
  }: {
    state: SagaState
    step: Step<unknown>
    make: Step<unknown>['send']
    attempt: string
    deadline: Instant | null
  },
): SentCommand {
  const command = make(state.input, { sagaId })
  return { step: step.name, commandId: `${saga.category}-${sagaId}:${step.name}:${attempt}`, command, deadline }
}

/** Every saga's category begins with it, and so does the id of every command that a saga sends. */
export const sagaCommandIdPrefix = 'saga.'

/** The form in which the store takes a saga's event. */
export function asDomainEvent({ type, data }: SagaEvent): DomainEvent {
  return { type, schemaVersion: 1, data }
}
