// The life of one saga as a fold of the events in its own stream. Whatever happens to the process, the fold says what is left to do.
import type { Command } from '../../kernel/commands.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position, Version } from '../../kernel/positions.ts'
import type { Instant } from '../../kernel/time.ts'
import type { ArrivedEvent, Resumption, SagaEvent, SagaFailure, SagaStart, SentCommand } from './events.ts'
import { rename } from './renaming.ts'

/**
 * `running` forwards, `compensating` backwards; `completed` and `compensated` are ends.
 * `compensationFailed`: a compensation was refused. A person has to look at it and resume the saga.
 */
export type SagaStatus = 'running' | 'compensating' | 'completed' | 'compensated' | 'compensationFailed'

/** What is known of a node that was reached. */
export interface NodeState {
  readonly isDone: boolean
  /** The answer of a step, the data of an event, the decision of a person, the branch that was taken, the keys of a list. */
  readonly value: unknown
}

/** Something that a saga waits for besides the answer to a command. */
export interface OpenWait {
  /** Of a child: it was told to take everything back. */
  readonly isCancelled?: boolean
  readonly kind: 'await' | 'sleep' | 'ask' | 'child'
  readonly until: Instant | null
  readonly event: Extract<SagaEvent, { type: '$EventAwaited' | '$SleepBegan' | '$PersonAsked' | '$ChildStarted' }>
}

/** A command that awaits its answer. */
export interface OpenCommand extends SentCommand {
  readonly isCompensation: boolean
}

/** What a fold has come to. It is changed by {@link applySagaEvent} and belongs to whoever folds. */
export interface SagaState {
  status: SagaStatus
  /** Of the declaration that it began on, or went over to. */
  definition: number
  /** It began on an earlier version than it is on now. */
  isMapped: boolean
  readonly input: unknown
  readonly startedBy: SagaStart
  /** Events up to here came before it and do not concern it: the event that started it, or the record of its start where none of the log did. */
  readonly since: Position
  readonly nodes: Map<string, NodeState>
  readonly commands: Map<string, OpenCommand>
  readonly waits: Map<string, OpenWait>
  /** The steps that took effect and were not taken back, in the order in which they did. */
  effects: string[]
  /** Those of them that had a compensation when they were sent. */
  readonly compensatable: Set<string>
  /** Steps that were sent and cannot be taken back: from then on the saga is not cancelled any more. */
  readonly pivots: Set<string>
  /** Events that arrived before the saga waited for them. */
  arrived: ArrivedEvent[]
  /** Why the saga compensates. */
  failure: SagaFailure | null
  compensationFailure: SagaFailure | null
  /** How often it was resumed: what is sent after that is a new command. */
  resumed: number
  /** What is sent in the place of the compensation that was refused. */
  resolution: { readonly step: string; readonly command: Command } | null
  /** Of the newest event of its stream, which is the cause of what comes next. */
  lastEventId: string
  version: Version
  /** Of that event in the log. */
  position: Position
}

/** The state after the events of a saga's stream, or nothing if there are none. Changes `from`. */
export function foldSaga(
  events: readonly (Pick<RecordedEvent, 'id' | 'type' | 'data'> & { readonly position?: Position })[],
  from?: SagaState,
): SagaState | undefined {
  let state = from
  for (const event of events) {
    const made = event as unknown as SagaEvent
    if (made.type === '$SagaStarted') state = begun(made.data, event.position ?? 0)
    else applySagaEvent(state!, made)
    state!.version++
    state!.lastEventId = event.id
    state!.position = event.position ?? state!.position
  }
  return state
}

/** The last event of a saga is one of these. */
export const endTypes: readonly string[] = ['$SagaCompleted', '$SagaCompensated']

/** Whether it can still take everything back because somebody wants it to. */
export function isCancellable({ status, pivots }: Pick<SagaState, 'status' | 'pivots'>): boolean {
  return status === 'running' && pivots.size === 0
}

export function hasEnded({ status }: Pick<SagaState, 'status'>): boolean {
  return status === 'completed' || status === 'compensated'
}

function begun(
  { version: definition, input, startedBy }: Extract<SagaEvent, { type: '$SagaStarted' }>['data'],
  position: Position,
): SagaState {
  return {
    status: 'running',
    definition,
    isMapped: false,
    input,
    startedBy,
    since: startedBy.position > 0 ? startedBy.position : position,
    nodes: new Map(),
    commands: new Map(),
    waits: new Map(),
    effects: [],
    compensatable: new Set(),
    pivots: new Set(),
    arrived: [],
    failure: null,
    compensationFailure: null,
    resumed: 0,
    resolution: null,
    lastEventId: '',
    version: 0,
    position: 0,
  }
}

/** Changes the state by an event of the saga's stream after its first, without its version. */
export function applySagaEvent(state: SagaState, event: SagaEvent): void {
  const { nodes, commands, waits } = state
  switch (event.type) {
    case '$BranchTaken':
      nodes.set(event.data.step, { isDone: false, value: event.data.branch })
      return
    case '$ListTaken':
      nodes.set(event.data.step, { isDone: false, value: event.data.keys })
      return
    case '$StepSent':
    case '$CompensationSent': {
      const isCompensation = event.type === '$CompensationSent'
      commands.set(event.data.step, { ...event.data, isCompensation })
      if (!isCompensation) nodes.set(event.data.step, pending)
      if (event.data.isPivot) state.pivots.add(event.data.step)
      return
    }
    case '$StepDone': {
      const { step, answer } = event.data
      if (commands.get(step)?.compensatable) state.compensatable.add(step)
      commands.delete(step)
      nodes.set(step, { isDone: true, value: answer })
      state.effects.push(step)
      return
    }
    case '$StepRefused': {
      const { step, reason, details, continues } = event.data
      commands.delete(step)
      state.pivots.delete(step)
      nodes.set(step, { isDone: continues, value: { refused: reason, details } })
      if (!continues) compensate(state, { step, reason, details })
      return
    }
    case '$StepTimedOut':
      commands.delete(event.data.step)
      state.pivots.delete(event.data.step)
      compensate(state, { step: event.data.step, reason: 'TimedOut', details: {} })
      return
    case '$CompensationDone': {
      const { step } = event.data
      commands.delete(step)
      state.resolution = null
      takenBack(state, step)
      return
    }
    case '$CompensationRefused':
      commands.delete(event.data.step)
      state.resolution = null
      state.status = 'compensationFailed'
      state.compensationFailure = event.data
      return
    case '$EventAwaited':
      waits.set(event.data.step, { kind: 'await', until: event.data.until, event })
      nodes.set(event.data.step, pending)
      return
    case '$EventArrived': {
      const { step, event: arrived } = event.data
      if (step === null) state.arrived.push(arrived)
      else {
        waits.delete(step)
        nodes.set(step, { isDone: true, value: arrived })
        state.arrived = state.arrived.filter(({ id }) => id !== arrived.id)
      }
      return
    }
    case '$SleepBegan':
      waits.set(event.data.step, { kind: 'sleep', until: event.data.until, event })
      nodes.set(event.data.step, pending)
      return
    case '$PersonAsked':
      waits.set(event.data.step, { kind: 'ask', until: event.data.until, event })
      nodes.set(event.data.step, pending)
      return
    case '$ChildStarted':
      waits.set(event.data.step, { kind: 'child', until: event.data.until, event })
      if (event.data.isPivot) state.pivots.add(event.data.step)
      nodes.set(event.data.step, pending)
      return
    case '$SleepEnded':
      waits.delete(event.data.step)
      nodes.set(event.data.step, { isDone: true, value: undefined })
      return
    case '$PersonAnswered':
      waits.delete(event.data.step)
      nodes.set(event.data.step, { isDone: true, value: event.data.decision })
      return
    case '$ChildCancelled': {
      const { step } = event.data
      waits.set(step, { ...waits.get(step)!, isCancelled: true })
      return
    }
    case '$ChildEnded': {
      const { step, isCompleted } = event.data
      const wait = waits.get(step)
      waits.delete(step)
      nodes.set(step, { isDone: isCompleted, value: undefined })
      if (!isCompleted) {
        state.pivots.delete(step)
        compensate(state, { step, reason: 'ChildCompensated', details: {} })
        return
      }
      if (wait?.event.type === '$ChildStarted' && wait.event.data.compensatable) state.compensatable.add(step)
      state.effects.push(step)
      return
    }
    case '$WaitTimedOut': {
      const { step, continues } = event.data
      waits.delete(step)
      nodes.set(step, { isDone: continues, value: undefined })
      if (!continues) compensate(state, { step, reason: 'TimedOut', details: {} })
      return
    }
    case '$SagaCancelled':
      if (isCancellable(state)) compensate(state, { step: '', reason: event.data.reason, details: {} })
      return
    case '$SagaResumed':
      resume(state, event.data)
      return
    case '$SagaMapped':
      rename(state, event.data)
      return
    case '$SagaCompleted':
      state.status = 'completed'
      return
    case '$SagaCompensated':
      state.status = 'compensated'
  }
}

const pending: NodeState = { isDone: false, value: undefined }

/** The first failure is the one that counts. Waits are given up; commands that are on their way are answered first. */
function compensate(state: SagaState, failure: SagaFailure): void {
  if (hasEnded(state)) return
  state.failure ??= failure
  if (state.status === 'running') state.status = 'compensating'
  for (const [step, { kind }] of state.waits) if (kind !== 'child') state.waits.delete(step)
}

function takenBack(state: SagaState, step: string): void {
  state.effects = state.effects.filter((each) => each !== step)
  state.compensatable.delete(step)
}

function resume(state: SagaState, { how, command }: Resumption): void {
  const { step } = state.compensationFailure!
  state.status = 'compensating'
  state.compensationFailure = null
  state.resumed++
  if (how === 'accept') takenBack(state, step)
  if (how === 'resolve') state.resolution = { step, command: command! }
}
