// The event store on a directory of files. One process writes it, any number read and follow it.
import { resolve } from 'node:path'
import { checkedId, type IdGenerator, type IdWriter, writeUuid } from '../kernel/ids.ts'
import { systemClock, systemIds, systemIdWriter } from '../kernel/system-clock.ts'
import type { Clock } from '../kernel/time.ts'
import { type Disk, nodeDisk } from '../log/disk/index.ts'
import { type LogLimits, logLimits } from '../log/limits.ts'
import type { EventStore } from '../store/port.ts'
import { openReadOnly } from './read-only-store.ts'
import { openWritable } from './writable-store.ts'

export interface FileStoreOptions {
  /** The directory of the log, and of nothing else. Made if it is not there. */
  readonly dir: string
  /** `read` opens a log beside the process that writes it, and follows that. `write` when left out. */
  readonly access?: 'write' | 'read'
  /** False for a reader that looks for new events only when it reads: subscriptions then do not go on. For `read` only; true when left out. */
  readonly watches?: boolean
  readonly clock?: Clock
  /** Makes the ids of events that have none. */
  readonly ids?: IdGenerator
  readonly disk?: Disk
  readonly limits?: Partial<LogLimits>
}

/**
 * Opens a log. What has no index yet is read and checked, which is a segment or so however long the log is; the rest is checked when it is read,
 * and all of it by `verifyLog`.
 *
 * What a process that died had begun to write but not acknowledged is taken away. Anything else that is not as it was written is damage:
 * then the log is left as it is and not opened.
 * Throws `store_locked`, `store_unfinished`, `store_retired`, `store_missing` and `index_missing` (for `read`), `log_corrupt`, `log_format_unknown`, `store_full`, `io_failed`.
 */
export async function fileStore(options: FileStoreOptions): Promise<EventStore> {
  const { access = 'write', watches = true, clock = systemClock, ids, disk = nodeDisk } = options
  const log = { dir: resolve(options.dir), disk, limits: { ...logLimits, ...options.limits } }
  if (access === 'read') return await openReadOnly(log, { clock, watches })
  const newId: IdWriter = ids ? (into, at) => writeUuid(checkedId(ids()), into, at) : systemIdWriter
  const { store } = await openWritable(log, { clock, newId, newLogId: systemIds })
  return store
}
