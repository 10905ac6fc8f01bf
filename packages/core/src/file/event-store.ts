// The event store on a directory of files. One process writes it, any number read and follow it.
import { resolve } from 'node:path'
import type { IdGenerator } from '../kernel/ids.ts'
import { systemClock, systemIds } from '../kernel/system-clock.ts'
import type { Clock } from '../kernel/time.ts'
import { type Disk, nodeDisk } from '../log/disk.ts'
import { type LogLimits, logLimits } from '../log/limits.ts'
import type { EventStore } from '../store/port.ts'
import { openReadOnly } from './read-only-store.ts'
import { openWritable } from './writable-store.ts'

export interface FileStoreOptions {
  /** The directory of the log, and of nothing else. Made if it is not there. */
  readonly dir: string
  /** `read` opens a log beside the process that writes it, and follows that. `write` when left out. */
  readonly access?: 'write' | 'read'
  readonly clock?: Clock
  readonly ids?: IdGenerator
  readonly disk?: Disk
  readonly limits?: Partial<LogLimits>
}

/**
 * Opens a log. The whole of it is read and checked, and an index of it kept in memory.
 *
 * What a process that died had begun to write but not acknowledged is taken away. Anything else that is not as it was written is damage:
 * then the log is left as it is and not opened.
 * Throws `store_locked`, `store_missing` (for `read`), `log_corrupt`, `log_format_unknown`, `store_full`, `io_failed`.
 */
export async function fileStore(options: FileStoreOptions): Promise<EventStore> {
  const { access = 'write', clock = systemClock, ids = systemIds, disk = nodeDisk } = options
  const log = { dir: resolve(options.dir), disk, limits: { ...logLimits, ...options.limits } }
  return access === 'read' ? await openReadOnly(log) : await openWritable(log, { clock, ids })
}
