// Snapshots that live as long as the process.
import type { Snapshot, SnapshotStore } from '../store/snapshots.ts'

export function memorySnapshots(): SnapshotStore {
  const snapshots = new Map<string, Snapshot>()
  return {
    async load(stream, fingerprint) {
      const snapshot = snapshots.get(stream)
      return snapshot?.fingerprint === fingerprint ? structuredClone(snapshot) : undefined
    },
    async save(snapshot) {
      snapshots.set(snapshot.stream, structuredClone(snapshot))
    },
  }
}
