// The status of everything that follows the log: projections, sagas, reactions and subscriptions.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { ParkedEvent } from '../../store/consumers.ts'
import type { Holding } from '../leases/index.ts'

/**
 * `running`: up to date or catching up. `standby`: another process runs it. `rebuilding`: its table is being built beside the one that readers see.
 * `retrying`: there is a temporary fault; nothing is lost, and it goes on automatically. `parked`: its code failed at an event; resume it. `paused`: an
 * operator has paused it. `diverged`: its table or checkpoint was made from another history than the log has.
 */
export const consumerStates = [
  'starting',
  'standby',
  'rebuilding',
  'running',
  'retrying',
  'parked',
  'paused',
  'diverged',
  'stopped',
] as const

export type ConsumerState = (typeof consumerStates)[number]

export type ConsumerKind = 'projection' | 'saga' | 'policy' | 'reaction' | 'subscription' | 'feed' | 'tree'

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

/** What the status of each kind contains. A kind may have more. */
export interface ConsumerStatus {
  readonly name: string
  readonly kind: ConsumerKind
  readonly state: ConsumerState
  /** Everything up to here is handled, or parked. */
  readonly position: Position
  /** The number of events in the log after that position, also those that do not concern it. */
  readonly lagEvents: number
  readonly error?: ConsumerError
  /** The process that runs it, where several share the work. */
  readonly holder?: string | null
  /** While this process stands by: what the one that runs it says. */
  readonly holderState?: string
}

/** The status of a reaction or subscription. */
export interface ReactionStatus extends ConsumerStatus {
  readonly kind: 'policy' | 'reaction' | 'subscription'
  /** Events that its code could not handle. Later events of the same streams wait behind them. */
  readonly parked: readonly ParkedEvent[]
}

/** What a running system reports about its reactions and subscriptions. */
export interface ReactionNotice {
  readonly kind: 'reaction parked'
  readonly name: string
  readonly event: ParkedEvent
}

export function heldBy({ holder, elsewhere }: Holding): Pick<ConsumerStatus, 'holder' | 'holderState'> {
  if (holder === undefined) return {}
  return elsewhere ? { holder, holderState: elsewhere.state } : { holder }
}

export function errorOfParked({ position, eventId: id, type, stream, message, code }: ParkedEvent): ConsumerError {
  return { message, ...(code === undefined ? {} : { code }), event: { position, id, type, stream } }
}

export function describeError(error: unknown): { message: string; code?: string } {
  const message = messageOf(error)
  return isIndelibleError(error) ? { message, code: error.code } : { message }
}
