// Where what a saga sends is carried out. The driver knows this port and nothing behind it: the log of this system, or another system.
import type { Command } from '../../kernel/commands.ts'
import type { AnyEventType } from '../../kernel/event-types.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position } from '../../kernel/positions.ts'
import type { DomainLog } from '../../store/domain-log.ts'
import type { EventStore } from '../../store/port.ts'
import type { CommandOutcome, SendOptions } from '../commands/outcome.ts'
import type { SagaFailure, SentCommand } from './events.ts'

/** What is carried out, under an id that stays the same. */
export type Sent = Pick<SentCommand, 'command' | 'commandId' | 'deadline'>

/**
 * `done`: carried out, now or by an earlier try. `refused`: by the domain. `givenUp`: somebody gave it up before, so that it cannot be carried out.
 * `unknown`: for a fault that may pass; it is tried again.
 */
export type Execution =
  | { readonly status: 'done'; readonly position: Position }
  | ({ readonly status: 'refused' } & Failure)
  | { readonly status: 'givenUp' }
  | { readonly status: 'unknown'; readonly fault: string }

/** Why something was not done. */
export type Failure = Pick<SagaFailure, 'reason' | 'details'>

export const timedOut: Failure = { reason: '$TimedOut', details: {} }
/** It was given up, and nobody says why. */
export const claimedByOthers: Failure = { reason: 'Claimed', details: {} }

/**
 * `givenUp`: for the reason that was recorded first. With a `claim`, it holds once the turn of the saga is written under this command id; if that is a
 * duplicate, the command was carried out before.
 */
export type GivenUp =
  | { readonly status: 'done'; readonly position: Position }
  | { readonly status: 'givenUp'; readonly why: Failure; readonly claim: string | undefined }

/** Each method may reject with a `retryable` error: then nobody knows, and it is tried again. */
export interface Executor {
  /** Carries it out, once, however often it is asked. Any other error says that it can never be carried out as it is: a fault of the code. */
  carryOut(sent: Sent, options: SendOptions, signal: AbortSignal): Promise<Execution>
  /** Where it was carried out, if it was. */
  find(sent: Sent, signal: AbortSignal): Promise<Position | undefined>
  /** Sees to it that it is not carried out any more, before anything follows from that: an earlier try may still be under way. */
  giveUp(sent: Sent, why: Failure, options: SendOptions, signal: AbortSignal): Promise<GivenUp>
  /** The events that it recorded, in the newest form of these types. */
  recorded(sent: Sent, types: readonly AnyEventType[], signal: AbortSignal): Promise<readonly RecordedEvent[]>
}

export interface LocalExecutorOptions {
  readonly store: EventStore
  readonly log: DomainLog
  readonly send: (command: Command, options: SendOptions) => Promise<CommandOutcome>
}

/** Carries out the commands of this system. */
export function localExecutor({ store, log, send }: LocalExecutorOptions): Executor {
  return {
    async carryOut({ command, commandId }, options) {
      return executionOf(await send(command, { ...options, commandId }))
    },
    async find({ commandId }) {
      return (await store.findCommit(commandId))?.lastPosition
    },
    async giveUp({ commandId }, why) {
      return { status: 'givenUp', why, claim: commandId }
    },
    async recorded({ commandId }, types) {
      const commit = await store.findCommit(commandId)
      if (!commit) return []
      const range = { from: commit.firstPosition, to: commit.lastPosition }
      const batches = await Array.fromAsync(log.read(types, 'all', range))
      return batches.flatMap(({ events }) => events)
    },
  }
}

export function executionOf(outcome: CommandOutcome): Execution {
  if (outcome.status === 'accepted') return { status: 'done', position: outcome.position }
  if (outcome.status === 'conflict') return { status: 'unknown', fault: `Others kept changing ${outcome.stream}.` }
  const { reason, details } = outcome
  return { status: 'refused', reason, details: details as Failure['details'] }
}
