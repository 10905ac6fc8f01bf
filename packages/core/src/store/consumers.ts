// The port for what is kept of consumers that have no database of their own: sagas, reactions, subscriptions. Projections keep theirs with their tables.
import type { Position } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import type { Instant } from '../kernel/time.ts'
import type { Checkpoint } from './port.ts'

/** An event that a consumer could not handle, and why. */
export interface ParkedEvent {
  readonly position: Position
  readonly eventId: string
  readonly type: string
  readonly stream: StreamName
  readonly message: string
  /** Where the error was one of ours. */
  readonly code?: string
  readonly at: Instant
}

/** What is kept of a consumer. Everything up to its checkpoint is handled, except what is parked. */
export interface ConsumerRecord {
  readonly name: string
  readonly checkpoint: Checkpoint
  readonly isPaused: boolean
  /** At most one of a stream: later events of that stream wait behind it. */
  readonly parked: readonly ParkedEvent[]
  readonly updatedAt: Instant
  /** What else the consumer keeps, in its own form. */
  readonly kept?: unknown
  /** Where several processes share the records: which one this is, from 1. */
  readonly revision?: number
  /** Where several processes share the records: the token of the lease under which the consumer last ran. */
  readonly token?: number
}

/** A store of such records. Each method throws `io_failed` or `store_full` where it cannot do its work. */
export interface ConsumerRecords {
  /** Nothing where there is none. Throws `consumer_damaged` where what is there is not what was written. */
  load(name: string): Promise<ConsumerRecord | undefined>
  /**
   * Durable when it resolves with `saved`. Replaces an older one of the same name. One with a revision replaces only the revision before it, or nothing if it
   * is the first: otherwise `superseded`, and nothing was written. A store that one process has alone need not compare.
   */
  save(record: ConsumerRecord): Promise<'saved' | 'superseded'>
}

/** Records that can be moved to another store. */
export interface ListedRecords extends ConsumerRecords {
  /** The names of all records. */
  list(): Promise<readonly string[]>
}
