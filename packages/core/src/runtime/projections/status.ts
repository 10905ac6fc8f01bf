// What operators and readers are told of a projection.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { messageOf } from '../../kernel/shown.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Parked } from '../../store/read-tables.ts'
import type { Staleness } from './staleness.ts'

/**
 * `running`: in step or catching up. `standby`: another process runs it. `rebuilding`: its table is being built anew beside the one that readers see.
 * `retrying`: the database or the log does not answer, or the thread ended or does not answer; nothing is lost, it goes on by itself. `parked`: a handler failed at an event; nothing after it is
 * projected until the code is mended and it is resumed. `paused`: an operator wants it to stand still. `diverged`: its table was made from another
 * history than that of the log; it is built anew by itself.
 */
export type ProjectionState =
  | 'starting'
  | 'standby'
  | 'rebuilding'
  | 'running'
  | 'retrying'
  | 'parked'
  | 'paused'
  | 'diverged'
  | 'stopped'

export interface ProjectionStatus {
  readonly name: string
  /** Of the declared code and columns; see `Projection.table`. */
  readonly version: string
  readonly state: ProjectionState
  /** Everything up to here is in the table. */
  readonly position: Position
  /** Events that the log has beyond that, whether they concern the table or not. */
  readonly lagEvents: number
  readonly staleness: Staleness
  /** Who runs it, where that is known. */
  readonly holder: string | null
  readonly rebuild: RebuildProgress | null
  readonly error?: ProjectionError
}

export interface ProjectionError {
  readonly message: string
  readonly code?: string
  readonly event?: FailedEvent
  /** What the handler was given. */
  readonly row?: Parked['row']
}

export interface FailedEvent {
  readonly position: Position
  readonly id: string
  readonly type: string
  readonly stream: string
}

export interface RebuildProgress {
  /** In this order. */
  readonly phase: 'folding' | 'writing' | 'verifying' | 'catching up' | 'replacing'
  /** Positions of the log that the phase has come through, of so many. */
  readonly done: number
  readonly total: number
  readonly startedAt: Instant
}

/** Why a table is built anew: somebody asked for it, the code changed, or the table was made from another history. */
export type RebuildReason = 'asked' | 'changed' | 'diverged'

/** What a running system tells of its projections as it happens. */
export type ProjectionNotice =
  | { readonly kind: 'stale'; readonly name: string; readonly lagMs: number; readonly targetMs: number }
  | { readonly kind: 'fresh'; readonly name: string }
  | { readonly kind: 'parked'; readonly name: string; readonly error: ProjectionError }
  /** Its table was made from another history: the log, which ends at `head`, was put back from an older copy, or the table is of another log. It is built anew. */
  | { readonly kind: 'diverged'; readonly name: string; readonly position: Position; readonly head: Position }
  /** Other code has built the table. Where nobody runs that code, this process soon builds its own again. */
  | { readonly kind: 'overtaken'; readonly name: string }
  | { readonly kind: 'rebuilding'; readonly name: string; readonly because: RebuildReason }
  | {
      readonly kind: 'rebuilt'
      readonly name: string
      readonly rows: number
      readonly position: Position
      readonly ms: number
    }
  /** Another one is started; see `projectionThread`. */
  | { readonly kind: 'thread ended'; readonly message: string }

export function describeError(error: unknown): { message: string; code?: string } {
  const message = messageOf(error)
  return isIndelibleError(error) ? { message, code: error.code } : { message }
}

export function errorOfParked({ position, eventId, type, stream, message, code, row }: Parked): ProjectionError {
  return { message, ...(code === undefined ? {} : { code }), event: { position, id: eventId, type, stream }, row }
}
