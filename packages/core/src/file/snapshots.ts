// Snapshots as files, in a directory for each stream. A snapshot may be lost or damaged at any time, so nothing is synced, and one that cannot be read counts
// as missing.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isIndelibleError } from '../kernel/errors.ts'
import type { Position, Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import { type Disk, nodeDisk } from '../log/disk/index.ts'
import { isUpTo, keptOf, type Snapshot, type SnapshotStore } from '../store/snapshots.ts'
import { readChecksummed, writeChecksummed } from './checksummed-file.ts'

export interface FileSnapshotsOptions {
  /** A directory for nothing else. Made if it is not there. */
  readonly dir: string
  readonly disk?: Disk
}

export function fileSnapshots({ dir, disk = nodeDisk }: FileSnapshotsOptions): SnapshotStore {
  return {
    async load(stream, fingerprint, upTo = {}) {
      const place = join(dir, directoryName(stream))
      const code = codeOf(fingerprint)
      const older = (await filesIn(disk, place)).filter((each) => each.code === code).filter(isUpTo(upTo))
      for (const { name } of older.toReversed()) {
        const snapshot = await readSnapshot(disk, join(place, name))
        if (snapshot?.stream === stream && snapshot.fingerprint === fingerprint) return snapshot
      }
      return undefined
    },
    async save(snapshot) {
      const { stream, fingerprint, version, position } = snapshot
      const place = join(dir, directoryName(stream))
      const own = { version, position, code: codeOf(fingerprint) }
      const saved = { ...own, name: fileName(own) }
      await writeChecksummed(disk, join(place, saved.name), snapshot, { durable: false })
      const files = await filesIn(disk, place)
      const kept = keptOf([...files.filter((each) => each.code === own.code && each.version < version), saved])
      const names = new Set(kept.map(({ name }) => name))
      for (const { name } of files) if (!names.has(name)) await disk.remove(join(place, name))
    },
  }
}

/** The name has any length and any characters; its hash fits every file system. */
function directoryName(stream: StreamName): string {
  return createHash('sha256').update(stream).digest('hex')
}

/** What the name of a file says of its snapshot, so that only the one that is wanted is read. */
interface Named {
  readonly version: Version
  readonly position: Position
  /** Of the fingerprint. */
  readonly code: string
}

const nameForm = /^(\d+)-(\d+)-([0-9a-f]{16})\.json$/

function fileName({ version, position, code }: Named): string {
  return `${version}-${position}-${code}.json`
}

function codeOf(fingerprint: string): string {
  return createHash('sha256').update(fingerprint).digest('hex').slice(0, 16)
}

/** By version. */
async function filesIn(disk: Disk, place: string): Promise<readonly (Named & { readonly name: string })[]> {
  const files = (await disk.list(place)).flatMap((name) => {
    const [, version, position, code] = nameForm.exec(name) ?? []
    return code === undefined ? [] : [{ name, version: Number(version), position: Number(position), code }]
  })
  return files.sort((a, b) => a.version - b.version || a.position - b.position)
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
