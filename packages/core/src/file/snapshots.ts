// Snapshots as files, one for each stream. A snapshot may be lost or damaged at any time, so nothing is synced, and one that cannot be read counts as missing.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { isIndelibleError } from '../kernel/errors.ts'
import type { StreamName } from '../kernel/streams.ts'
import { type Disk, nodeDisk } from '../log/disk/index.ts'
import type { Snapshot, SnapshotStore } from '../store/snapshots.ts'

export interface FileSnapshotsOptions {
  /** A directory for nothing else. Made if it is not there. */
  readonly dir: string
  readonly disk?: Disk
}

export function fileSnapshots({ dir, disk = nodeDisk }: FileSnapshotsOptions): SnapshotStore {
  let saved = 0

  return {
    async load(stream, fingerprint) {
      const text = await readText(disk, join(dir, fileName(stream)))
      const snapshot = text === undefined ? undefined : parsed(text)
      return snapshot?.stream === stream && snapshot.fingerprint === fingerprint ? snapshot : undefined
    },
    async save(snapshot) {
      await disk.makeDir(dir)
      const path = join(dir, fileName(snapshot.stream))
      const temporary = `${path}.${process.pid}-${++saved}.new`
      try {
        await writeText(disk, temporary, JSON.stringify(snapshot))
        await disk.rename(temporary, path)
      } catch (error) {
        await disk.remove(temporary).catch(() => {})
        throw error
      }
    },
  }
}

/** The name has any length and any characters; its hash fits every file system. */
function fileName(stream: StreamName): string {
  return `${createHash('sha256').update(stream).digest('hex')}.json`
}

async function writeText(disk: Disk, path: string, json: string): Promise<void> {
  const file = await disk.open(path, 'create')
  await file.write(Buffer.from(`${checksum(json)}\n${json}`), 0).finally(() => file.close())
}

async function readText(disk: Disk, path: string): Promise<string | undefined> {
  try {
    const file = await disk.open(path, 'read')
    try {
      const bytes = Buffer.alloc(await file.size())
      await file.read(bytes, 0)
      return bytes.toString()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isIndelibleError(error)) return undefined
    throw error
  }
}

function parsed(text: string): Snapshot | undefined {
  const json = text.slice(text.indexOf('\n') + 1)
  if (!text.startsWith(`${checksum(json)}\n`)) return undefined
  try {
    return JSON.parse(json) as Snapshot
  } catch {
    // Another program wrote it. A snapshot that cannot be read counts as missing.
    return undefined
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}
