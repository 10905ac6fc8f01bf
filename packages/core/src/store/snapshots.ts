// The snapshot port: folded states kept so that loading an aggregate need not start at its first event. Disposable at any time.
import type { Position, Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'

export interface Snapshot {
  readonly stream: StreamName
  /** Of the code that folded the state; a snapshot of another fingerprint is never returned. */
  readonly fingerprint: string
  readonly version: Version
  readonly position: Position
  /** A JSON value. */
  readonly state: unknown
}

export interface SnapshotStore {
  /** The newest snapshot, or nothing: also where one is there but damaged. */
  load(stream: StreamName, fingerprint: string): Promise<Snapshot | undefined>
  /** Replaces an older one of the same stream. */
  save(snapshot: Snapshot): Promise<void>
}
