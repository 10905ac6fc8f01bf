// Snapshots that live as long as the process.
import { keptOf, type Snapshot, type SnapshotStore } from '../store/snapshots.ts'

export function memorySnapshots(): SnapshotStore {
  /** Of each stream, by version. */
  const snapshots = new Map<string, readonly Snapshot[]>()
  return {
    async load(stream, fingerprint, upTo = Number.MAX_SAFE_INTEGER) {
      const found = snapshots.get(stream)?.findLast((each) => each.position <= upTo && each.fingerprint === fingerprint)
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
