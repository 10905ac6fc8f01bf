// The health of a running system.
import type { Head, StoreHealth } from '../store/port.ts'
import type { AnyConsumerStatus } from './consumers/consumers.ts'
import type { ProcessStatus } from './leases/index.ts'

export interface Health {
  readonly head: Head
  readonly store: StoreHealth
  readonly consumers: readonly AnyConsumerStatus[]
  /** The processes that share the work, and what each of them runs; none where one process has its stores alone. */
  readonly processes: readonly ProcessStatus[]
}
