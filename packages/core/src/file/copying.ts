// Copies of logs in files. A log that another process writes is followed while it is copied.
import { resolve } from 'node:path'
import { systemClock, systemIds, systemIdWriter } from '../kernel/system-clock.ts'
import { type Disk, nodeDisk } from '../log/disk/index.ts'
import type { LogEvent } from '../log/format/index.ts'
import { type LogLimits, type LogSource, logLimits } from '../log/limits.ts'
import { lastSegment } from '../log/read/index.ts'
import { type CopiedLog, type CopySource, type CopyTarget, commitsIn, copyMismatch, retired } from '../store/copying.ts'
import type { EventStore } from '../store/port.ts'
import { copyStateOf, hasFiles, setCopyState } from './copy-state.ts'
import { openReadOnly } from './read-only-store.ts'
import { openWritable } from './writable-store.ts'

export interface FileCopyOptions {
  /** The directory of the log. */
  readonly dir: string
  readonly disk?: Disk
  readonly limits?: Partial<LogLimits>
}

/** Throws what `fileStore` throws for reading. */
export async function fileCopySource(options: FileCopyOptions): Promise<CopySource> {
  const log = sourceOf(options)
  const store = await openReadOnly(log, { clock: systemClock, watches: true })
  return {
    ...copied(store),
    async waitBeyond(after, signal) {
      for await (const { through } of store.subscribe('all', { after, signal, reserved: true }))
        if (through > after) return
    },
    async retire(copyId) {
      // With the lock, whoever wrote it last has ended.
      await locked(log, async () => {
        const before = await copyStateOf(log)
        if (before?.state === 'retired' && before.copyId !== copyId) throw retired(log.dir)
        await setCopyState(log, { state: 'retired', copyId })
      })
    },
    async reopen() {
      await locked(log, () => setCopyState(log, undefined))
    },
  }
}

/** See `OpenCopyTarget`. */
export function fileCopyTarget(options: FileCopyOptions): (logId: string) => Promise<CopyTarget> {
  const log = sourceOf(options)
  return async (logId) => {
    let copyId = ''
    const { store, receive } = await openWritable(log, {
      clock: systemClock,
      newId: systemIdWriter,
      newLogId: () => logId,
      begin: async () => {
        copyId = await begun(log)
      },
    })
    if ((await store.historyAt(0)) === logId) {
      return { ...copied(store), copyId, receive, finish: () => setCopyState(log, undefined) }
    }
    await store.close()
    throw copyMismatch('other-log', `In ${log.dir} is a copy of another log. Give a directory that is not there yet.`)
  }
}

/** Before there is a log that somebody could open, the directory says that it is an unfinished copy. Gives the id of the copy. */
async function begun(log: LogSource): Promise<string> {
  const before = await copyStateOf(log)
  if (before?.state === 'unfinished') return before.copyId
  // A log that was moved can take up what was written since, where it went.
  if (before === undefined) await assertEmpty(log)
  const copyId = systemIds()
  await setCopyState(log, { state: 'unfinished', copyId })
  return copyId
}

/** Throws `copy_mismatch`. */
async function assertEmpty(log: LogSource): Promise<void> {
  const advice = 'A copy goes to a directory that is not there yet.'
  if ((await lastSegment(log)) > 0)
    throw copyMismatch('finished', `In ${log.dir} is a log that is no unfinished copy. ${advice}`)
  if (await hasFiles(log)) throw copyMismatch('not-empty', `${log.dir} has other files. ${advice}`)
}

async function locked(log: LogSource, run: () => Promise<void>): Promise<void> {
  const unlock = await log.disk.lock(log.dir)
  await run().finally(unlock)
}

function copied(store: EventStore): CopiedLog {
  return {
    head: () => store.head(),
    historyAt: (position) => store.historyAt(position),
    commits: ({ after, to }) => {
      const events = store.read('all', { from: after + 1, to, reserved: true })
      // What is read of a file has also what a commit is known by.
      return commitsIn(
        events as AsyncIterable<{ readonly events: readonly LogEvent[] }>,
        ({ commandId, commitEvents }) => ({
          commandId,
          count: commitEvents,
        }),
      )
    },
    close: () => store.close(),
  }
}

function sourceOf({ dir, disk = nodeDisk, limits }: FileCopyOptions): LogSource {
  return { dir: resolve(dir), disk, limits: { ...logLimits, ...limits } }
}
