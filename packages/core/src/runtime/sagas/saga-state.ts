// The state of one saga, as a pure state machine over the events of its stream. After a crash, the fold says what is left to do.
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

/** The events in the stream of a saga. Each transition is one commit, together with the next command that the saga sends. */
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

/** A command that the saga has recorded and whose outcome it needs. Because of its id, it can be sent again safely. */
export interface SentCommand {
  readonly step: string
  readonly commandId: string
  readonly command: Command
  /** After this time the step counts as failed, if it has a timeout. */
  readonly deadline: Instant | null
  /** Whether the step has a compensation. If later code has none, that is noticed. */
  readonly compensatable: boolean
}

export interface SagaFailure {
  readonly step: string
  readonly reason: string
  readonly details: Readonly<Record<string, unknown>>
}

/**
 * A saga runs forwards (`running`) or backwards (`compensating`), and ends as `completed` or `compensated`.
 * `compensationFailed`: a compensation was refused. An operator has to solve the problem and resume the saga.
 */
export type SagaStatus = 'running' | 'compensating' | 'completed' | 'compensated' | 'compensationFailed'

export interface SagaState {
  readonly status: SagaStatus
  readonly input: unknown
  readonly startedBy: SagaStart
  /** Steps that were done and not compensated, in the order in which they were done. */
  readonly done: readonly string[]
  /** Those of them that had a compensation when they were sent. */
  readonly compensatable: readonly string[]
  /** The command whose outcome the saga waits for. */
  readonly pending: (SentCommand & { readonly isCompensation: boolean }) | null
  /** Why the saga compensates. */
  readonly failure: SagaFailure | null
  /** Why a compensation was refused. */
  readonly compensationFailure: SagaFailure | null
  /** How often it was resumed: each resumed compensation is a new command. */
  readonly resumed: number
  /** The id of the newest event in its stream. It is the cause of the next event or command. */
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
 * What a saga without a pending command does next: send a step, compensate a step, or end. Nothing if it has ended or its compensation failed.
 * Throws `invalid_declaration` if the code no longer fits its history, or the code of a step fails, and `event_version_unknown`.
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
    // In the reverse order in which they were done. The order of the steps in the code may have changed since.
    const step = state.done.map((name) => stepOf(saga, name)!).findLast(({ compensate }) => compensate)
    return step
      ? sending(saga, sagaId, { state, step, isCompensation: true, nowMs })
      : { type: '$SagaCompensated', data: {} }
  }
  return undefined
}

/** The pending command as the current code makes it: the code may have been corrected since. Throws as {@link nextMove}. */
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
 * Throws `invalid_declaration` if the history of a saga names a step that the code does not have, or if a step to be compensated has no compensation any
 * more: only a person can decide what to do then. Throws `event_version_unknown` if the code does not know the version of the event that started the saga.
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
  const message = `The code of saga "${name}" has changed since this saga began: ${problem}. Restore it, then restart or resume the saga.`
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

/** The data of the event that started the saga, in the newest version. */
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
    // The command as it is read from the log, so that a restart in between makes no difference.
    command = JSON.parse(JSON.stringify(make() ?? null))
  } catch (cause) {
    throw new IndelibleError('invalid_declaration', `${which} could not make its command: ${messageOf(cause)}`, {
      cause,
    })
  }
  if (typeof command?.type === 'string' && typeof command.id === 'string') return command
  throw new IndelibleError(
    'invalid_declaration',
    `${which} made no command: "to" returned ${shown(command?.id)}, not the id of an aggregate.`,
  )
}

/** The event of a saga as a store takes it. */
export function asDomainEvent({ type, data }: SagaEvent): DomainEvent {
  return { type, schemaVersion: 1, data }
}
