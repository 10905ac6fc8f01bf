// The port of forks: a store that has what a log has up to a position, and then goes its own way. The log is only read.
import type { IdGenerator } from '../kernel/ids.ts'
import type { Position } from '../kernel/positions.ts'
import type { Clock } from '../kernel/time.ts'
import type { EventStore } from './port.ts'

export interface ForkOptions {
  /** The last position that the fork has in common with the log. The end of the log when left out. */
  readonly at?: Position | undefined
  readonly clock?: Clock | undefined
  readonly ids?: IdGenerator | undefined
}

/** Opens a fork. To close it leaves the log open. Throws `invalid_position` for a position that the log does not have. */
export type OpenFork = (log: EventStore, options?: ForkOptions) => Promise<EventStore>
