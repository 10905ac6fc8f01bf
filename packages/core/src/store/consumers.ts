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
}

/** A store of such records. Each method throws `io_failed` or `store_full` where it cannot do its work. */
export interface ConsumerRecords {
  /** Nothing where there is none. Throws `consumer_damaged` where what is there is not what was written. */
  load(name: string): Promise<ConsumerRecord | undefined>
  /** Durable when it resolves. Replaces an older one of the same name. */
  save(record: ConsumerRecord): Promise<void>
}
