// The snapshot port: folded states, stored so that loading an aggregate need not start at its first event. They may be deleted at any time.
import type { Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import type { Checkpoint } from './port.ts'

/** Its checkpoint is that of the last event in it. One of another history than that of the log is never used. */
export interface Snapshot extends Checkpoint {
  readonly stream: StreamName
  /** Of the aggregate as it was declared; a snapshot of another fingerprint is never returned. */
  readonly fingerprint: string
  /** A hint at the code that folded the state. One of other code is compared with the log before it is believed. */
  readonly code: string
  readonly version: Version
  /** A JSON value. */
  readonly state: unknown
}

export interface SnapshotStore {
  /** The newest snapshot. Undefined when there is none, or when it is damaged. */
  load(stream: StreamName, fingerprint: string): Promise<Snapshot | undefined>
  /** Replaces an older one of the same stream. */
  save(snapshot: Snapshot): Promise<void>
}
