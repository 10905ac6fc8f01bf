// The status of a projection, and what it reports.
import type { Position } from '../../kernel/positions.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Parked } from '../../store/read-tables.ts'
import type { ConsumerError, ConsumerStatus } from '../consumers/status.ts'
import type { TableDifference } from './compare/index.ts'

export interface ProjectionStatus extends ConsumerStatus {
  readonly kind: 'projection'
  /** As declared. */
  readonly version: number
  /** The fingerprint of its table; see `TableDefinition`. */
  readonly fingerprint: string
  readonly staleness: Staleness
  /** The runner that has the lease, if this process knows it. */
  readonly holder: string | null
  readonly rebuild: RebuildProgress | null
  readonly error?: ProjectionError
}

export interface Staleness {
  readonly targetMs: number
  /** The age of the oldest event that is not yet in the table; 0 if there is none. */
  readonly lagMs: number
  /** The age of events when their rows became visible, over the last minute; null if there were none. While it catches up, this is the age of history. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

export interface ProjectionError extends ConsumerError {
  readonly event?: FailedEvent
  /** The row that the handler got. */
  readonly row?: Parked['row']
}

export interface FailedEvent {
  readonly position: Position
  readonly id: string
  readonly type: string
  readonly stream: string
}

export interface RebuildProgress {
  /** The phases in their order. */
  readonly phase: 'folding' | 'writing' | 'verifying' | 'catching up' | 'replacing'
  /** The position that the phase has reached, and the one at which it ends. */
  readonly done: number
  readonly total: number
  readonly startedAt: Instant
}

/** Why a table is rebuilt: an operator asked for it, the code changed, or the table was made from another history. */
export type RebuildReason = 'asked' | 'changed' | 'diverged'

/** What a running system reports about its projections. */
export type ProjectionNotice =
  | { readonly kind: 'stale'; readonly name: string; readonly lagMs: number; readonly targetMs: number }
  | { readonly kind: 'fresh'; readonly name: string }
  | { readonly kind: 'parked'; readonly name: string; readonly error: ProjectionError }
  /** Its table was made from another history: the log, which ends at `head`, was restored from an older copy, or the table belongs to another log. It is rebuilt. */
  | { readonly kind: 'diverged'; readonly name: string; readonly position: Position; readonly head: Position }
  /** The code makes other rows than those in the table, under the same version: a sample differed, as in `difference`. The table is rebuilt. Raise the version. */
  | { readonly kind: 'version not raised'; readonly name: string; readonly difference: TableDifference }
  /** Another version of the code has built the table. If no process runs that code, this process soon rebuilds its own table. */
  | { readonly kind: 'overtaken'; readonly name: string }
  | { readonly kind: 'rebuilding'; readonly name: string; readonly because: RebuildReason }
  | {
      readonly kind: 'rebuilt'
      readonly name: string
      readonly rows: number
      readonly position: Position
      readonly ms: number
    }
  /** Another thread is started; see `projectionThread`. */
  | { readonly kind: 'thread ended'; readonly message: string }

export function errorOfParked({ position, eventId, type, stream, message, code, row }: Parked): ProjectionError {
  return { message, ...(code === undefined ? {} : { code }), event: { position, id: eventId, type, stream }, row }
}
