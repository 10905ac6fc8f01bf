// What the stream of a saga records. Every turn of a saga is one commit: what came in, what follows from it, the commands that go out, the timers that are armed.
import type { Command } from '../../kernel/commands.ts'
import type { DomainEvent } from '../../kernel/event-types.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import { isReserved } from '../../kernel/reserved.ts'
import type { Instant, ValidTime } from '../../kernel/time.ts'

/** `step` names a node and where it is: `lines[tea]/reserve`. */
export type SagaEvent =
  | { type: '$SagaStarted'; data: { saga: string; version: number; input: unknown; startedBy: SagaStart } }
  | { type: '$BranchTaken'; data: { step: string; branch: string } }
  | { type: '$ListTaken'; data: { step: string; keys: readonly string[] } }
  | { type: '$StepSent' | '$CompensationSent'; data: SentCommand }
  | { type: '$StepDone'; data: { step: string; position: Position; answer: unknown } }
  | { type: '$StepRefused'; data: SagaFailure & { continues: boolean } }
  | { type: '$StepTimedOut'; data: { step: string } }
  | { type: '$CompensationDone'; data: { step: string; position: Position } }
  | { type: '$CompensationRefused'; data: SagaFailure }
  | { type: '$EventAwaited'; data: WaitBegan & { eventType: string } }
  | { type: '$EventArrived'; data: { step: string | null; event: ArrivedEvent } }
  | { type: '$SleepBegan'; data: WaitBegan }
  | { type: '$SleepEnded'; data: { step: string } }
  | { type: '$PersonAsked'; data: WaitBegan & { owner: string; question: string } }
  | { type: '$PersonAnswered'; data: { step: string; decision: unknown; actor: string | null; reason: string | null } }
  | {
      type: '$ChildStarted'
      data: WaitBegan & {
        saga: string
        version: number
        id: string
        input: unknown
        compensatable: boolean
        isPivot?: true
      }
    }
  | { type: '$ChildCancelled'; data: { step: string; saga: string; id: string } }
  | { type: '$ChildEnded'; data: { step: string; isCompleted: boolean } }
  | { type: '$WaitTimedOut'; data: { step: string; continues: boolean } }
  | { type: '$SagaCancelled'; data: { reason: string; event: ArrivedEvent | null; actor: string | null } }
  | { type: '$SagaResumed'; data: Resumption }
  | { type: '$SagaMapped'; data: SagaMapped }
  | { type: '$SagaCompleted' | '$SagaCompensated'; data: Record<string, never> }

/** What started the saga: an event, the saga that it is a child of, or a call. */
export interface SagaStart {
  readonly eventId: string
  readonly type: string
  /** 0 where no event of the log started it. */
  readonly position: Position
  readonly schemaVersion: number
  readonly correlationId: string
  readonly validAt: ValidTime | null
  readonly parent?: { readonly saga: string; readonly id: string; readonly step: string }
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
  /** Set where nothing takes the step back: once it is sent, the saga can only go forwards, unless it is refused. */
  readonly isPivot?: true
}

export interface SagaFailure {
  readonly step: string
  readonly reason: string
  readonly details: Readonly<Record<string, unknown>>
}

export interface WaitBegan {
  readonly step: string
  /** When the wait is over, if it has an end. */
  readonly until: Instant | null
}

/** An event of anyone that concerns the saga, as it was recorded. */
export interface ArrivedEvent {
  readonly id: string
  readonly type: string
  readonly position: Position
  readonly schemaVersion: number
  readonly data: unknown
}

/**
 * What a person decided about a saga that cannot go on. `retry`: the refused compensation is sent again. `accept`: what it should have taken back stays.
 * `resolve`: another command is sent in its place.
 */
export interface Resumption {
  readonly how: 'retry' | 'accept' | 'resolve'
  readonly command: Command | null
  readonly actor: string | null
  readonly reason: string | null
}

/** How an instance went over to another version of its saga: what its nodes are called since then, and what they would have answered. */
export interface SagaMapped {
  readonly from: number
  readonly to: number
  /** By paths without keys; `null` where the node is gone. */
  readonly steps: Readonly<Record<string, string | null>>
  /** By paths in the new version. */
  readonly answers: Readonly<Record<string, unknown>>
}

/** The form in which the store takes a saga's event. */
export function asDomainEvent({ type, data }: SagaEvent): DomainEvent {
  return { type, schemaVersion: 1, data }
}

/** The position of the event of others that an event of a saga is about: the answer to a command, or an event that it waited for. */
export function heardOf({ stream, data }: Pick<RecordedEvent, 'stream' | 'data'>): Position | undefined {
  if (!isReserved(stream)) return undefined
  const { position, event } = data as { position?: Position; event?: ArrivedEvent | null }
  return position ?? event?.position
}
