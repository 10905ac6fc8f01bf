// The event store on a directory of files. One process writes it, any number read and follow it.
import { throwIfAborted } from '../kernel/abort.ts'
import type { EncodedEvent } from '../kernel/encoding.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { IdGenerator } from '../kernel/ids.ts'
import { systemClock, systemIds } from '../kernel/system-clock.ts'
import type { Clock } from '../kernel/time.ts'
import { type Disk, nodeDisk } from '../log/disk.ts'
import { GroupCommit } from '../log/group-commit.ts'
import { type LogLimits, type LogSource, logLimits } from '../log/limits.ts'
import { LogReader } from '../log/reader.ts'
import { lastSegment } from '../log/segment.ts'
import { LogWriter } from '../log/writer.ts'
import { encodeCommit } from '../store/ledger.ts'
import type { AppendOutcome, Commit, EventStore } from '../store/port.ts'
import { RecordingClock } from '../store/recording-clock.ts'
import { Follower, takeAll } from './follower.ts'
import { LogView } from './log-view.ts'

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

/** Throws `store_locked`, `store_missing`, `log_corrupt`, `log_format_unknown`, `io_failed`. */
export async function fileStore(options: FileStoreOptions): Promise<EventStore> {
  const log = { dir: options.dir, disk: options.disk ?? nodeDisk, limits: { ...logLimits, ...options.limits } }
  return options.access === 'read' ? await openForReading(log) : await openForWriting(log, options)
}

async function openForWriting(
  log: LogSource,
  { clock = systemClock, ids = systemIds }: FileStoreOptions,
): Promise<EventStore> {
  await log.disk.makeDir(log.dir)
  const unlock = await log.disk.lock(log.dir)
  try {
    const time = new RecordingClock(clock)
    const view = new LogView(log)
    const writer = await openWriter(log, view)
    time.observe(view.lastRecordedAtMs)
    return writableStore({ view, writer, time, ids, limits: log.limits, unlock })
  } catch (error) {
    await unlock()
    throw error
  }
}

/** Reads all that is there into the view, and goes on behind it. */
async function openWriter(log: LogSource, view: LogView): Promise<LogWriter> {
  if ((await lastSegment(log)) === 0) return await LogWriter.create(log)
  const reader = await LogReader.open(log)
  try {
    await takeAll(reader, view)
    return await LogWriter.resume(log, reader)
  } finally {
    await reader.close()
  }
}

interface Parts {
  readonly view: LogView
  readonly writer: LogWriter
  readonly time: RecordingClock
  readonly ids: IdGenerator
  readonly limits: LogLimits
  readonly unlock: () => Promise<void>
}

function writableStore({ view, writer, time, ids, limits, unlock }: Parts): EventStore {
  const group = new GroupCommit({
    limits,
    write: (frame) => writer.append(frame),
    written: (place, last) => {
      view.addWritten(place)
      view.show(last)
    },
    refused: () => view.ledger.forgetAfter(view.visible()),
  })
  let closing: Promise<void> | undefined

  /** Checks a commit against all that were accepted before, and adds it to them, in one step. */
  const admit = async (commit: Commit, encoded: readonly EncodedEvent[]): Promise<AppendOutcome> => {
    group.assertSound()
    const obstacle = view.ledger.obstacle(commit)
    if (obstacle) {
      // The first commit may yet fail, and this one with it.
      if (obstacle.status === 'duplicate' && obstacle.lastPosition > view.visible()) {
        await group.durable(obstacle.lastPosition)
      }
      return obstacle
    }
    const events = encoded.map((event) => ({ ...event, id: event.id ?? ids() }))
    const { epochMs: recordedAtMs, recordedAt } = time.next()
    const { commandId } = commit
    const { written, eventVersions: versions } = view.ledger.accept(encoded, { commandId, recordedAt })
    await group.add({ commandId, recordedAtMs, events, versions }, written.lastPosition)
    return { status: 'written', ...written }
  }

  return {
    async append(commit, { signal } = {}) {
      view.assertOpen()
      throwIfAborted(signal)
      const encoded = encodeCommit(commit)
      return await group.enter(() => admit(commit, encoded), signal)
    },
    findCommit: async (commandId) => view.findCommit(commandId),
    read: (query, options) => view.read(query, options),
    subscribe: (query, options) => view.subscribe(query, options),
    head: async () => view.head(),
    close() {
      closing ??= (async () => {
        view.end()
        await group.idle()
        await writer
          .close()
          .finally(() => view.close())
          .finally(unlock)
      })()
      return closing
    },
  }
}

async function openForReading(log: LogSource): Promise<EventStore> {
  const reader = await LogReader.open(log)
  const view = new LogView(log)
  try {
    do await takeAll(reader, view)
    while ((await reader.tail()) === 'grown')
  } catch (error) {
    await reader.close()
    throw error
  }
  const follower = new Follower(log, reader, view)
  let closing: Promise<void> | undefined

  return {
    async append() {
      view.assertOpen()
      throw new IndelibleError('store_read_only', `The log in ${log.dir} was opened for reading only.`)
    },
    async findCommit(commandId) {
      await follower.catchUp()
      return view.findCommit(commandId)
    },
    async *read(query, options) {
      await follower.catchUp()
      yield* view.read(query, options)
    },
    subscribe: (query, options) => view.subscribe(query, options),
    async head() {
      await follower.catchUp()
      return view.head()
    },
    close() {
      closing ??= (async () => {
        view.end()
        await follower.close().finally(() => view.close())
      })()
      return closing
    },
  }
}
