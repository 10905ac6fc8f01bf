// The health of a running system.
import type { Head, StoreHealth } from '../store/port.ts'
import type { AnyConsumerStatus } from './consumers/consumers.ts'

export interface Health {
  readonly head: Head
  readonly store: StoreHealth
  readonly consumers: readonly AnyConsumerStatus[]
}
