// The store of the one process that writes a log: commits are checked in memory, at once and in order, and acknowledged when they are durable.
import { throwIfAborted } from '../kernel/abort.ts'
import type { EncodedEvent } from '../kernel/encoding.ts'
import type { IdGenerator } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import { GroupCommit } from '../log/group-commit.ts'
import type { LogLimits, LogSource } from '../log/limits.ts'
import { LogReader } from '../log/reader.ts'
import { lastSegment } from '../log/segment.ts'
import { LogWriter } from '../log/writer.ts'
import { encodeCommit } from '../store/ledger.ts'
import type { AppendOutcome, Commit, EventStore } from '../store/port.ts'
import { RecordingClock } from '../store/recording-clock.ts'
import { LogView, takeWhole } from './log-view.ts'

/** Takes the lock, reads all that is there, and goes on behind it. */
export async function openWritable(log: LogSource, given: { clock: Clock; ids: IdGenerator }): Promise<EventStore> {
  await log.disk.makeDir(log.dir)
  const unlock = await log.disk.lock(log.dir)
  try {
    const view = new LogView(log)
    const writer = await openWriter(log, view)
    const time = new RecordingClock(given.clock)
    time.observe(view.lastRecordedAtMs)
    return writableStore({ view, writer, time, ids: given.ids, limits: log.limits, unlock })
  } catch (error) {
    await unlock()
    throw error
  }
}

async function openWriter(log: LogSource, view: LogView): Promise<LogWriter> {
  if ((await lastSegment(log)) === 0) return await LogWriter.create(log)
  const reader = await LogReader.open(log)
  try {
    const tail = await takeWhole(reader, view)
    return await LogWriter.resume(log, reader, tail)
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
    written(place, last) {
      view.addWritten(place)
      view.show(last)
    },
    refused: () => view.ledger.forgetAfter(view.visible()),
  })
  let closing: Promise<void> | undefined

  /** Checks a commit against all that were accepted before, and joins it to them, in one step. */
  const admit = async (commit: Commit, encoded: readonly EncodedEvent[]): Promise<AppendOutcome> => {
    group.assertSound()
    const obstacle = view.ledger.obstacle(commit)
    if (obstacle) {
      // The first commit may yet fail, and this one with it.
      const pending = obstacle.status === 'duplicate' && obstacle.lastPosition > view.visible()
      if (pending) await group.durable(obstacle.lastPosition)
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
