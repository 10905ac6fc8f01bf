// The life of one saga as a pure state machine over the events in its own stream. Whatever happens to the process, the fold says what is left to do.
import type { Command } from '../../kernel/commands.ts'
import { durationMs } from '../../kernel/durations.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { DomainEvent } from '../../kernel/event-types.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position, Version } from '../../kernel/positions.ts'
import type { AnySaga as Saga, Step } from '../../kernel/sagas.ts'
import { messageOf, shown } from '../../kernel/shown.ts'
import { type Instant, instant, type ValidTime } from '../../kernel/time.ts'
import { upcastOf } from '../../kernel/upcasts.ts'

/** What the stream of a saga records. Each transition is one commit, together with the command it sends out next. */
export type SagaEvent =
  | { type: '$SagaStarted'; data: { saga: string; input: unknown; startedBy: SagaStart } }
  | { type: '$StepSent' | '$CompensationSent'; data: SentCommand }
  | { type: '$StepDone' | '$CompensationDone'; data: { step: string; position: Position } }
  | { type: '$StepRefused' | '$CompensationRefused'; data: SagaFailure }
  | { type: '$StepTimedOut'; data: { step: string } }
  | { type: '$SagaResumed'; data: { actor: string | null } }
  | { type: '$SagaCompleted' | '$SagaCompensated'; data: Record<string, never> }

/** The event that started the saga. */
export interface SagaStart {
  readonly eventId: string
  readonly position: Position
  readonly schemaVersion: number
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
  /** Whether the step has a compensation, so that it is noticed if later code has none. */
  readonly compensatable: boolean
}

export interface SagaFailure {
  readonly step: string
  readonly reason: string
  readonly details: Readonly<Record<string, unknown>>
}

/**
 * `running` forwards, `compensating` backwards; `completed` and `compensated` are ends.
 * `compensationFailed`: a compensation was refused. Somebody has to look at it and resume the saga.
 */
export type SagaStatus = 'running' | 'compensating' | 'completed' | 'compensated' | 'compensationFailed'

export interface SagaState {
  readonly status: SagaStatus
  readonly input: unknown
  readonly startedBy: SagaStart
  /** Steps that took effect and were not compensated, in the order in which they did. */
  readonly done: readonly string[]
  /** Those of them that had a compensation when they were sent. */
  readonly compensatable: readonly string[]
  /** The command that awaits its answer. */
  readonly pending: (SentCommand & { readonly isCompensation: boolean }) | null
  /** Why the saga compensates. */
  readonly failure: SagaFailure | null
  /** Why a compensation was refused. */
  readonly compensationFailure: SagaFailure | null
  /** How often it was resumed: a resumed compensation is a new command. */
  readonly resumed: number
  /** Of the newest event of its stream, which is the cause of what comes next. */
  readonly lastEventId: string
  readonly version: Version
}

/** The state after the events of a saga's stream, or nothing if there are none. */
export function foldSaga(
  events: readonly Pick<RecordedEvent, 'id' | 'type' | 'data'>[],
  from?: SagaState,
): SagaState | undefined {
  let state = from
  for (const event of events) state = { ...evolveSaga(state, event as SagaEvent), lastEventId: event.id }
  return state
}

export function hasEnded({ status }: SagaState): boolean {
  return status === 'completed' || status === 'compensated'
}

function evolveSaga(before: SagaState | undefined, event: SagaEvent): Omit<SagaState, 'lastEventId'> {
  if (event.type === '$SagaStarted') {
    const { input, startedBy } = event.data
    const none = {
      done: [],
      compensatable: [],
      pending: null,
      failure: null,
      compensationFailure: null,
      resumed: 0,
    } as const
    return { status: 'running', ...none, input, startedBy, version: 1 }
  }
  const state = { ...before!, version: before!.version + 1 }
  switch (event.type) {
    case '$StepSent':
      return { ...state, pending: { ...event.data, isCompensation: false } }
    case '$CompensationSent':
      return { ...state, pending: { ...event.data, isCompensation: true } }
    case '$StepDone': {
      const { step } = event.data
      const compensatable = state.pending?.compensatable ? [...state.compensatable, step] : state.compensatable
      return { ...state, pending: null, done: [...state.done, step], compensatable }
    }
    case '$CompensationDone': {
      const others = (steps: readonly string[]) => steps.filter((step) => step !== event.data.step)
      return { ...state, pending: null, done: others(state.done), compensatable: others(state.compensatable) }
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
    case '$CompensationRefused':
      return { ...state, pending: null, status: 'compensationFailed', compensationFailure: event.data }
    case '$SagaResumed':
      return { ...state, status: 'compensating', compensationFailure: null, resumed: state.resumed + 1 }
    case '$SagaCompleted':
      return { ...state, status: 'completed' }
    case '$SagaCompensated':
      return { ...state, status: 'compensated' }
  }
}

/**
 * What a saga without a pending command does next: send a step, take one back, or end. Nothing when it has ended or its compensation failed.
 * Throws `invalid_declaration` where the code is no longer that of its history, or a step's own code fails, and `event_version_unknown`.
 */
export function nextMove(saga: Saga, sagaId: string, state: SagaState, nowMs: number): SagaEvent | undefined {
  checkFits(saga, state)
  if (state.status === 'running') {
    const step = saga.steps.find(({ name }) => !state.done.includes(name))
    return step
      ? sending(saga, sagaId, { state, step, isCompensation: false, nowMs })
      : { type: '$SagaCompleted', data: {} }
  }
  if (state.status === 'compensating') {
    // The order is that in which they took effect, which may be another than that of the code by now.
    const step = state.done.map((name) => stepOf(saga, name)!).findLast(({ compensate }) => compensate)
    return step
      ? sending(saga, sagaId, { state, step, isCompensation: true, nowMs })
      : { type: '$SagaCompensated', data: {} }
  }
  return undefined
}

/** The pending command as the code makes it now, which may have been mended since it was sent. Throws as {@link nextMove}. */
export function sentAgain(
  saga: Saga,
  sagaId: string,
  state: SagaState,
  nowMs: number,
): SagaEvent & { data: SentCommand } {
  checkFits(saga, state)
  const { step, isCompensation } = state.pending!
  return sending(saga, sagaId, { state, step: stepOf(saga, step)!, isCompensation, nowMs })
}

/**
 * Throws `invalid_declaration` where the history of a saga names a step that the code does not have, or one that is to be compensated has lost its compensation.
 * Only a person knows then whether a step has another name, or is not to be compensated any more. And `event_version_unknown` where it began on a version of
 * the event that the code does not know.
 */
export function checkFits(saga: Saga, { status, done, compensatable, pending, startedBy }: SagaState): void {
  upcastOf(saga.startsOn, startEventOf(saga, startedBy))
  for (const name of pending ? [...done, pending.step] : done) {
    const step = stepOf(saga, name)
    if (!step) {
      const what = done.includes(name) ? 'was done' : 'was sent'
      throw misfit(saga, `step "${name}" ${what}, but the code has no step of that name`)
    }
    if (status === 'compensating' && !step.compensate && compensatable.includes(name))
      throw misfit(saga, `step "${name}" had a compensation when it was done, but has none in the code`)
  }
}

function misfit({ name }: Saga, problem: string): IndelibleError {
  const message = `Saga "${name}" has changed since this one began: ${problem}. Give it back, then restart, or resume the saga.`
  return new IndelibleError('invalid_declaration', message)
}

function stepOf({ steps }: Saga, name: string): Step | undefined {
  return steps.find((step) => step.name === name)
}

function sending(
  saga: Saga,
  sagaId: string,
  { state, step, isCompensation, nowMs }: { state: SagaState; step: Step; isCompensation: boolean; nowMs: number },
): { type: '$StepSent' | '$CompensationSent'; data: SentCommand } {
  const { name, timeout, compensate } = step
  const attempt = isCompensation ? `compensate${state.resumed || ''}` : 'do'
  const commandId = `${saga.category}-${sagaId}:${name}:${attempt}`
  const deadline = isCompensation || timeout === undefined ? null : instant(nowMs + durationMs(timeout))
  const command = commandOf(step, isCompensation, () => {
    const { command, to, input } = isCompensation ? compensate! : step.send
    const data = dataOf(saga, state)
    return command(to(data, { sagaId }), input(data, { sagaId }))
  })
  const data = { step: name, commandId, command, deadline, compensatable: compensate !== undefined }
  return { type: isCompensation ? '$CompensationSent' : '$StepSent', data }
}

/** The data of the event that started the saga, in the newest form. */
function dataOf(saga: Saga, { input, startedBy }: SagaState): unknown {
  const upcast = upcastOf(saga.startsOn, startEventOf(saga, startedBy))
  return upcast ? upcast.up(input) : input
}

function startEventOf({ startsOn: { type } }: Saga, { schemaVersion, position }: SagaStart) {
  return { type, schemaVersion, position, stream: undefined }
}

function commandOf({ name }: Step, isCompensation: boolean, make: () => Command): Command {
  const which = isCompensation ? `The compensation of step "${name}"` : `Step "${name}"`
  let command: Command
  try {
    // As it is read back: what is sent must not depend on whether there was a restart between.
    command = JSON.parse(JSON.stringify(make() ?? null))
  } catch (cause) {
    throw new IndelibleError('invalid_declaration', `${which} could not make its command: ${messageOf(cause)}`, {
      cause,
    })
  }
  if (typeof command?.type === 'string' && typeof command.id === 'string') return command
  throw new IndelibleError(
    'invalid_declaration',
    `${which} made no command: "to" gave ${shown(command?.id)}, not the id of an aggregate.`,
  )
}

/** The form in which the store takes a saga's event. */
export function asDomainEvent({ type, data }: SagaEvent): DomainEvent {
  return { type, schemaVersion: 1, data }
}
