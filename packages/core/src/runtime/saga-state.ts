// The life of one saga as a pure state machine over the events in its own stream. Whatever happens to the process, the fold says what is left to do.
import type { Command } from '../kernel/aggregates.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { DomainEvent } from '../kernel/event-types.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position, Version } from '../kernel/positions.ts'
import { durationMs, type Saga, type Step } from '../kernel/sagas.ts'
import { type Instant, instant, type ValidTime } from '../kernel/time.ts'

/** What the stream of a saga records. Each transition is one commit, together with the command it sends out next. */
export type SagaEvent =
  | { type: '$SagaStarted'; data: { saga: string; input: unknown; startedBy: SagaStart } }
  | { type: '$StepSent' | '$UndoSent'; data: SentCommand }
  | { type: '$StepDone' | '$UndoDone'; data: { step: string; position: Position } }
  | { type: '$StepRefused' | '$UndoRefused'; data: SagaFailure }
  | { type: '$StepTimedOut'; data: { step: string } }
  | { type: '$SagaResumed'; data: { actor: string | null } }
  | { type: '$SagaCompleted' | '$SagaCompensated'; data: Record<string, never> }

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
  /** Whether the step has an undo, so that it is noticed if later code has none. */
  readonly undoable: boolean
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
  /** Steps that took effect and were not undone, in the order in which they did. */
  readonly done: readonly string[]
  /** Those of them that had an undo when they were sent. */
  readonly undoable: readonly string[]
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
  if (event.type === '$SagaStarted') {
    const { input, startedBy } = event.data
    const none = { done: [], undoable: [], pending: null, failure: null, undoFailure: null, resumed: 0 } as const
    return { status: 'running', ...none, input, startedBy, version: 1 }
  }
  const state = { ...before!, version: before!.version + 1 }
  switch (event.type) {
    case '$StepSent':
      return { ...state, pending: { ...event.data, undo: false } }
    case '$UndoSent':
      return { ...state, pending: { ...event.data, undo: true } }
    case '$StepDone': {
      const { step } = event.data
      const undoable = state.pending?.undoable ? [...state.undoable, step] : state.undoable
      return { ...state, pending: null, done: [...state.done, step], undoable }
    }
    case '$UndoDone': {
      const others = (steps: readonly string[]) => steps.filter((step) => step !== event.data.step)
      return { ...state, pending: null, done: others(state.done), undoable: others(state.undoable) }
    }
    case '$StepRefused':
      return { ...state, pending: null, status: 'compensating', failure: event.data }
    case '$StepTimedOut':
      return {
        ...state,
        pending: null,
        status: 'compensating',
        failure: { ...event.data, reason: 'TimedOut', details: {} },
      }
    case '$UndoRefused':
      return { ...state, pending: null, status: 'stuck', undoFailure: event.data }
    case '$SagaResumed':
      return { ...state, status: 'compensating', undoFailure: null, resumed: state.resumed + 1 }
    case '$SagaCompleted':
      return { ...state, status: 'completed' }
    case '$SagaCompensated':
      return { ...state, status: 'compensated' }
  }
}

/**
 * What a saga without a pending command does next: send a step, take one back, or end. Nothing when it has ended or is stuck.
 * Throws `invalid_declaration` where the code is no longer that of its history, or a step's own code fails.
 */
export function nextMove(saga: Saga, sagaId: string, state: SagaState, nowMs: number): SagaEvent | undefined {
  checkFits(saga, state)
  if (state.status === 'running') {
    const step = saga.steps.find(({ name }) => !state.done.includes(name))
    return step ? sending(saga, sagaId, { state, step, undo: false, nowMs }) : { type: '$SagaCompleted', data: {} }
  }
  if (state.status === 'compensating') {
    // The order is that in which they took effect, which may be another than that of the code by now.
    const step = state.done.map((name) => stepOf(saga, name)!).findLast(({ undo }) => undo)
    return step ? sending(saga, sagaId, { state, step, undo: true, nowMs }) : { type: '$SagaCompensated', data: {} }
  }
  return undefined
}

/** The pending command as the code makes it now, which may have been mended since it was sent. Throws as {@link nextMove}. */
export function sentAnew(
  saga: Saga,
  sagaId: string,
  state: SagaState,
  nowMs: number,
): SagaEvent & { data: SentCommand } {
  checkFits(saga, state)
  const { step, undo } = state.pending!
  return sending(saga, sagaId, { state, step: stepOf(saga, step)!, undo, nowMs })
}

/**
 * Throws `invalid_declaration` where the history of a saga names a step that the code does not have, or one that is to be undone has lost its undo.
 * Nobody but a person knows then whether a step has another name, or is not to be undone any more.
 */
export function checkFits(saga: Saga, { status, done, undoable, pending }: SagaState): void {
  for (const name of pending ? [...done, pending.step] : done) {
    const step = stepOf(saga, name)
    if (!step) {
      const what = done.includes(name) ? 'was done' : 'was sent'
      throw misfit(saga, `step "${name}" ${what}, but the code has no step of that name`)
    }
    if (status === 'compensating' && !step.undo && undoable.includes(name))
      throw misfit(saga, `step "${name}" had an undo when it was done, but has none in the code`)
  }
}

function misfit({ name }: Saga, problem: string): IndelibleError {
  const message = `Saga "${name}" has changed since this one began: ${problem}. Give it back, then restart, or resume the saga.`
  return new IndelibleError('invalid_declaration', message)
}

function stepOf({ steps }: Saga, name: string): Step<unknown> | undefined {
  return steps.find((step) => step.name === name)
}

function sending(
  saga: Saga,
  sagaId: string,
  { state, step, undo, nowMs }: { state: SagaState; step: Step<unknown>; undo: boolean; nowMs: number },
): { type: '$StepSent' | '$UndoSent'; data: SentCommand } {
  const { name, timeout } = step
  const attempt = undo ? `undo${state.resumed || ''}` : 'do'
  const commandId = `${saga.category}-${sagaId}:${name}:${attempt}`
  const deadline = undo || timeout === undefined ? null : instant(nowMs + durationMs(timeout))
  const command = commandOf(step, undo, () => (undo ? step.undo! : step.send)(state.input, { sagaId }))
  const data = { step: name, commandId, command, deadline, undoable: step.undo !== undefined }
  return { type: undo ? '$UndoSent' : '$StepSent', data }
}

function commandOf({ name }: Step<unknown>, undo: boolean, make: () => Command): Command {
  const which = undo ? `The undo of step "${name}"` : `Step "${name}"`
  let command: Command
  try {
    // As it is read back: what is sent must not depend on whether there was a restart between.
    command = JSON.parse(JSON.stringify(make() ?? null))
  } catch (cause) {
    throw new IndelibleError('invalid_declaration', `${which} could not make its command: ${cause}`, { cause })
  }
  if (typeof command?.type === 'string' && typeof command.category === 'string') return command
  throw new IndelibleError('invalid_declaration', `${which} made no command.`)
}

/** The form in which the store takes a saga's event. */
export function asDomainEvent({ type, data }: SagaEvent): DomainEvent {
  return { type, schemaVersion: 1, data }
}
