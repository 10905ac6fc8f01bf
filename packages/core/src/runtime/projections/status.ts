// What operators and readers are told of a projection.
import type { Position } from '../../kernel/positions.ts'
import type { Instant } from '../../kernel/time.ts'
import type { Parked } from '../../store/read-tables.ts'
import type { ConsumerError, ConsumerStatus } from '../consumers/status.ts'
import type { TableDifference } from './compare/index.ts'

export interface ProjectionStatus extends ConsumerStatus {
  readonly kind: 'projection'
  /** As declared. */
  readonly version: number
  /** Of what its rows stand for; see `TableDefinition`. */
  readonly fingerprint: string
  readonly staleness: Staleness
  /** Who runs it, where that is known. */
  readonly holder: string | null
  readonly rebuild: RebuildProgress | null
  readonly error?: ProjectionError
}

export interface Staleness {
  readonly targetMs: number
  /** How old the oldest event is that is not in the table yet; 0 where there is none. */
  readonly lagMs: number
  /** How old events were when their rows became visible, over the last minute; null where there were none. While catching up this is the age of history. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

export interface ProjectionError extends ConsumerError {
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
  /** The code makes other rows than those of the table, which were made under the same version: a sample differed, as in `difference`. It is rebuilt. Raise the version. */
  | { readonly kind: 'version not raised'; readonly name: string; readonly difference: TableDifference }
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

export function errorOfParked({ position, eventId, type, stream, message, code, row }: Parked): ProjectionError {
  return { message, ...(code === undefined ? {} : { code }), event: { position, id: eventId, type, stream }, row }
}
