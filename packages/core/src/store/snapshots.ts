// The snapshot port: folded states, stored so that loading an aggregate need not start at its first event. They may be deleted at any time.
import type { Position, Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import type { Checkpoint, EventStore } from './port.ts'

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

/** The snapshots of a stream that are kept, so that states of the past need not be folded from the first event either. */
export const snapshotsKeptMax = 64

export interface UpTo {
  readonly version?: Version | undefined
  readonly position?: Position | undefined
}

export function isUpTo({ version, position }: UpTo): (snapshot: Pick<Snapshot, 'version' | 'position'>) => boolean {
  return (each) => each.version <= (version ?? each.version) && each.position <= (position ?? each.position)
}

/** Several snapshots of a stream are kept, at most {@link snapshotsKeptMax}, spread over its versions. */
export interface SnapshotStore {
  /** The newest snapshot, or the newest one up to a version and a position. Undefined when there is none. A damaged one does not count. */
  load(stream: StreamName, fingerprint: string, upTo?: UpTo): Promise<Snapshot | undefined>
  /** Removes those of the stream that have another fingerprint or are not older. */
  save(snapshot: Snapshot): Promise<void>
}

/** The newest snapshot up to a position that belongs to the history of a log. If the log was restored from an older copy, some have events that it does not have. */
export async function fittingSnapshot(
  store: Pick<EventStore, 'historyAt'>,
  snapshots: SnapshotStore,
  { stream, fingerprint, upTo = {} }: { stream: StreamName; fingerprint: string; upTo?: UpTo },
): Promise<Snapshot | undefined> {
  for (let left = upTo; ; ) {
    const found = await snapshots.load(stream, fingerprint, left)
    // A store of one's own may ignore how far it was asked.
    if (!found || !isUpTo(left)(found)) return undefined
    const history = await store.historyAt(found.position)
    if (history !== undefined && history === found.history) return found
    if (found.position === 0) return undefined
    left = { ...upTo, position: found.position - 1 }
  }
}

/** Those of some snapshots, in order, that stay when there are too many: without the one whose neighbours are nearest to each other. The ends stay. */
export function keptOf<Each extends Pick<Snapshot, 'version'>>(snapshots: readonly Each[]): readonly Each[] {
  if (snapshots.length <= snapshotsKeptMax) return snapshots
  const gap = (at: number) => snapshots[at + 1]!.version - snapshots[at - 1]!.version
  let least = 1
  for (let at = 2; at < snapshots.length - 1; at++) if (gap(at) < gap(least)) least = at
  return snapshots.toSpliced(least, 1)
}
