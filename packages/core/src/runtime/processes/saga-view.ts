// A saga as readers see it: plain data.
import type { Command } from '../../kernel/commands.ts'
import type { Version } from '../../kernel/positions.ts'
import type { Instant } from '../../kernel/time.ts'
import type { SagaFailure, SagaStart } from './events.ts'
import type { OpenWait, SagaState, SagaStatus } from './state.ts'

export interface SagaView {
  readonly status: SagaStatus
  /** The version of the declaration that it began on. */
  readonly definition: number
  readonly input: unknown
  readonly startedBy: SagaStart
  /** What took effect and was not taken back, in the order in which it took effect. */
  readonly done: readonly string[]
  /** Those of them that have a compensation. */
  readonly compensatable: readonly string[]
  /** The commands that await their answers. */
  readonly pending: readonly PendingCommand[]
  /** What it waits for besides. */
  readonly waiting: readonly Waiting[]
  /** Why it compensates. */
  readonly failure: SagaFailure | null
  /** Why a compensation was refused. */
  readonly compensationFailure: SagaFailure | null
  /** How often it was resumed. */
  readonly resumed: number
  readonly version: Version
}

export interface PendingCommand {
  readonly step: string
  readonly commandId: string
  readonly command: Command
  readonly deadline: Instant | null
  readonly isCompensation: boolean
}

export type Waiting = { readonly step: string; readonly until: Instant | null } & (
  | { readonly for: 'event'; readonly eventType: string }
  | { readonly for: 'time' }
  | { readonly for: 'person'; readonly owner: string; readonly question: string }
  | { readonly for: 'saga'; readonly saga: string; readonly id: string }
)

export function viewOf(state: SagaState): SagaView {
  const { status, definition, input, startedBy, failure, compensationFailure, resumed, version } = state
  const pending = [...state.commands.values()].map(({ step, commandId, command, deadline, isCompensation }) => ({
    step,
    commandId,
    command,
    deadline,
    isCompensation,
  }))
  return {
    status,
    definition,
    input,
    startedBy,
    done: [...state.effects],
    compensatable: [...state.compensatable],
    pending,
    waiting: [...state.waits.values()].map(waitingOf),
    failure,
    compensationFailure,
    resumed,
    version,
  }
}

function waitingOf({ event }: OpenWait): Waiting {
  const { step, until } = event.data
  if (event.type === '$EventAwaited') return { step, until, for: 'event', eventType: event.data.eventType }
  if (event.type === '$PersonAsked')
    return { step, until, for: 'person', owner: event.data.owner, question: event.data.question }
  if (event.type === '$ChildStarted') return { step, until, for: 'saga', saga: event.data.saga, id: event.data.id }
  return { step, until, for: 'time' }
}
