// What operators see of anything that follows the log: projections, sagas, reactions and subscriptions alike.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { ParkedEvent } from '../../store/consumers.ts'

/**
 * `running`: in step or catching up. `standby`: another process runs it. `rebuilding`: its table is being built beside the one that readers see.
 * `retrying`: a fault that may pass; nothing is lost, it goes on by itself. `parked`: its code failed at an event; it goes on when it is resumed.
 * `paused`: an operator wants it to stand still. `diverged`: what it has was made from another history than that of the log.
 */
export type ConsumerState =
  | 'starting'
  | 'standby'
  | 'rebuilding'
  | 'running'
  | 'retrying'
  | 'parked'
  | 'paused'
  | 'diverged'
  | 'stopped'

export type ConsumerKind = 'projection' | 'saga' | 'reaction' | 'subscription'

export interface ConsumerError {
  readonly message: string
  readonly code?: string
  readonly event?: {
    readonly position: Position
    readonly id: string
    readonly type: string
    readonly stream: string
  }
}

/** What all kinds have in common; each may say more. */
export interface ConsumerStatus {
  readonly name: string
  readonly kind: ConsumerKind
  readonly state: ConsumerState
  /** Everything up to here is handled, or parked. */
  readonly position: Position
  /** Events that the log has beyond that, whether they concern it or not. */
  readonly lagEvents: number
  readonly error?: ConsumerError
}

/** Of a reaction or subscription. */
export interface ReactionStatus extends ConsumerStatus {
  readonly kind: 'reaction' | 'subscription'
  /** Events that its code could not handle. Later events of the same streams wait behind them. */
  readonly parked: readonly ParkedEvent[]
}

/** What a running system tells of its reactions and subscriptions as it happens. */
export interface ReactionNotice {
  readonly kind: 'reaction parked'
  readonly name: string
  readonly event: ParkedEvent
}

export function errorOfParked({ position, eventId: id, type, stream, message, code }: ParkedEvent): ConsumerError {
  return { message, ...(code === undefined ? {} : { code }), event: { position, id, type, stream } }
}

export function describeError(error: unknown): { message: string; code?: string } {
  const message = messageOf(error)
  return isIndelibleError(error) ? { message, code: error.code } : { message }
}
