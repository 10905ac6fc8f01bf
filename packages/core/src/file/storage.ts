// All that a system keeps in files, beside each other in one directory.
import { join } from 'node:path'
import type { LogLimits } from '../log/limits.ts'
import type { ListedRecords } from '../store/consumers.ts'
import type { EventStore } from '../store/port.ts'
import type { ProofFiles } from '../store/proof-files.ts'
import type { SnapshotStore } from '../store/snapshots.ts'
import { fileConsumers } from './consumers.ts'
import { type FileStoreOptions, fileStore } from './event-store.ts'
import { fileProofs } from './proof-files.ts'
import { fileSnapshots } from './snapshots.ts'

export interface FileStorageOptions extends Omit<FileStoreOptions, 'dir' | 'access' | 'watches'> {
  /** Holds `log`, `snapshots` and `consumers`. */
  readonly dataDir: string
  /** Only `run` opens the log for writing; see `OpenMode`. */
  readonly mode: 'run' | 'projections' | 'tree' | 'inspect'
  /** Whose log it is. Logs of tenants are many: each keeps less in memory, and reserves less of the disk. */
  readonly tenant?: string
  /** Where the private keys of the Merkle tree are: `keys/tree.keys` in `dataDir` by default. */
  readonly keysFile?: string
}

/** The log of a system without tenants. */
const mainLog = 'main'

/** Hundreds are open at the same time, and thousands are on one disk. */
const tenantLimits: Partial<LogLimits> = {
  reserveBytes: 64 * 1024,
  frameCacheBytesMax: 256 * 1024,
  recordCacheBytesMax: 256 * 1024,
  indexCacheBytesMax: 1024 * 1024,
  streamCacheBytesMax: 128 * 1024,
  readBytesMax: 64 * 1024,
  openFilesMax: 16,
}

/** For the `open` of a config: `open: (options) => ({ ...fileStorage(options), tables: () => … })`. */
export function fileStorage({
  dataDir,
  mode,
  tenant = mainLog,
  keysFile = join(dataDir, 'keys', 'tree.keys'),
  limits,
  ...options
}: FileStorageOptions): {
  readonly store: () => Promise<EventStore>
  readonly snapshots: SnapshotStore
  readonly consumers: ListedRecords
  readonly proofFiles: ProofFiles
} {
  const access = mode === 'run' ? 'write' : 'read'
  const own = { limits: { ...(tenant === mainLog ? {} : tenantLimits), ...limits } }
  return {
    // The tree asks for what is durable already; to be woken by every write would only slow the writer.
    store: () => fileStore({ ...options, ...own, dir: join(dataDir, 'log'), access, watches: mode !== 'tree' }),
    snapshots: fileSnapshots({ dir: join(dataDir, 'snapshots') }),
    consumers: fileConsumers({ dir: join(dataDir, 'consumers') }),
    proofFiles: fileProofs({ dir: join(dataDir, 'proofs'), keysFile }),
  }
}
