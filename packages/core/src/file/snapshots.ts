// Snapshots as files, one for each stream. A snapshot may be lost or damaged at any time, so nothing is synced, and one that cannot be read counts as missing.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isIndelibleError } from '../kernel/errors.ts'
import type { StreamName } from '../kernel/streams.ts'
import { type Disk, nodeDisk } from '../log/disk/index.ts'
import type { Snapshot, SnapshotStore } from '../store/snapshots.ts'
import { readChecksummed, writeChecksummed } from './checksummed-file.ts'

export interface FileSnapshotsOptions {
  /** A directory for nothing else. Made if it is not there. */
  readonly dir: string
  readonly disk?: Disk
}

export function fileSnapshots({ dir, disk = nodeDisk }: FileSnapshotsOptions): SnapshotStore {
  return {
    async load(stream, fingerprint) {
      const snapshot = await readSnapshot(disk, join(dir, fileName(stream)))
      return snapshot?.stream === stream && snapshot.fingerprint === fingerprint ? snapshot : undefined
    },
    async save(snapshot) {
      await writeChecksummed(disk, join(dir, fileName(snapshot.stream)), snapshot, { durable: false })
    },
  }
}

/** The name has any length and any characters; its hash fits every file system. */
function fileName(stream: StreamName): string {
  return `${createHash('sha256').update(stream).digest('hex')}.json`
}

async function readSnapshot(disk: Disk, path: string): Promise<Snapshot | undefined> {
  try {
    const found = await readChecksummed(disk, path)
    return typeof found === 'string' ? undefined : (found.value as Snapshot)
  } catch (error) {
    if (isIndelibleError(error) || error instanceof SyntaxError) return undefined
    throw error
  }
}
