// Snapshots that live as long as the process.
import { isUpTo, keptOf, type Snapshot, type SnapshotStore } from '../store/snapshots.ts'

export function memorySnapshots(): SnapshotStore {
  /** Of each stream, by version. */
  const snapshots = new Map<string, readonly Snapshot[]>()
  return {
    async load(stream, fingerprint, upTo = {}) {
      const found = snapshots
        .get(stream)
        ?.filter(isUpTo(upTo))
        .findLast((each) => each.fingerprint === fingerprint)
      return structuredClone(found)
    },
    async save(snapshot) {
      const { stream, fingerprint, version } = snapshot
      const older = (snapshots.get(stream) ?? []).filter(
        (each) => each.fingerprint === fingerprint && each.version < version,
      )
      snapshots.set(stream, keptOf([...older, structuredClone(snapshot)]))
    },
  }
}
