// The store of the one process that writes a log: commits are checked against the index, at once and in order, and acknowledged when they are durable.
import { throwIfAborted } from '../kernel/abort.ts'
import type { EncodedEvent } from '../kernel/encoding.ts'
import { isIndelibleError } from '../kernel/errors.ts'
import type { IdWriter } from '../kernel/ids.ts'
import type { Position, Version } from '../kernel/positions.ts'
import type { StreamName } from '../kernel/streams.ts'
import { type Clock, epochMs, instant } from '../kernel/time.ts'
import type { NewCommit } from '../log/format/index.ts'
import type { LogSource } from '../log/limits.ts'
import { openLog, takeAll, takeTail } from '../log/open/index.ts'
import { type BuildTask, lastSegment } from '../log/read/index.ts'
import { GroupCommit, LogWriter, removeUnfinished, SyncClock, type WriterListener } from '../log/write/index.ts'
import { conflictOf, type EncodedCommit, encodeCommit, lastVersions } from '../store/commit.ts'
import { checkFollows, encodedAgain, type RecordedCommit } from '../store/copying.ts'
import type { AppendOutcome, EventStore } from '../store/port.ts'
import { RecordingClock } from '../store/recording-clock.ts'
import { assertWritable } from './copy-state.ts'
import { Indexing } from './indexing.ts'
import { LogView } from './log-view.ts'
import { WriteHealth } from './write-health.ts'

interface WriterOptions {
  readonly clock: Clock
  readonly newId: IdWriter
  /** For a new log. */
  readonly newLogId: () => string
  /** Runs first, with the lock. It checks that the log may be written when left out. */
  readonly begin?: (log: LogSource) => Promise<void>
}

/** A log that this process writes. */
export interface WritableLog {
  readonly store: EventStore
  /** Writes commits of another log as they are; see `CopyTarget.receive`. */
  receive(commits: readonly RecordedCommit[]): Promise<void>
}

/** Takes the lock, reads the events that have no index yet, and continues the log behind them. */
export async function openWritable(
  log: LogSource,
  { begin = assertWritable, ...options }: WriterOptions,
): Promise<WritableLog> {
  await log.disk.makeDir(log.dir)
  const unlock = await log.disk.lock(log.dir)
  try {
    await begin(log)
  } catch (error) {
    await unlock()
    throw error
  }
  const indexing = new Indexing(log)
  const view = new LogView(log, indexing.index, {
    repair: (segment) => indexing.repair(segment),
    columnsMissing: (segment) => indexing.columns.add(segment, { areBad: true }),
  })
  const syncs = new SyncClock(log, instant(options.clock.now()))
  try {
    await removeUnfinished(log)
    const writer = await openWriter(log, { indexing, view, newLogId: options.newLogId, durable: (ms) => syncs.add(ms) })
    const time = new RecordingClock(options.clock)
    time.observe(view.lastRecordedAtMs)
    const { segment, lastPosition, events } = writer.active
    indexing.columns.sealed({ segment: segment - 1, lastPosition: lastPosition - events })
    indexing.columns.addAll()
    return writableStore(log, { view, writer, time, indexing, syncs, newId: options.newId, unlock })
  } catch (error) {
    view.close()
    await indexing.close()
    await unlock()
    throw error
  }
}

async function openWriter(
  log: LogSource,
  {
    indexing,
    view,
    newLogId,
    durable,
  }: {
    readonly indexing: Indexing
    readonly view: LogView
    readonly newLogId: () => string
    readonly durable: WriterListener['durable']
  },
): Promise<LogWriter> {
  const listener: WriterListener = { durable, sealed: (task) => indexing.sealed(task) }
  if ((await lastSegment(log)) === 0) {
    const logId = newLogId()
    indexing.logId = logId
    return await LogWriter.create(log, logId, listener)
  }
  const { reader, indexed } = await openLog(log, indexing.index, (task) => indexing.build(task))
  indexing.logId = reader.header.logId
  if (indexed.position > 0) view.show(indexed)
  try {
    const tail = await takeTail(reader, async () => {
      const sealed: BuildTask[] = []
      await takeAll(reader, indexing.index, {
        passed(task) {
          indexing.index.turnOver()
          sealed.push(task)
        },
        taken: (last) => view.show(last),
      })
      for (const task of sealed) await indexing.add(task)
    })
    return await LogWriter.resume(log, { reader, tail, listener })
  } finally {
    await reader.close()
  }
}

interface WriterDependencies {
  readonly view: LogView
  readonly writer: LogWriter
  readonly time: RecordingClock
  readonly indexing: Indexing
  readonly syncs: SyncClock
  readonly newId: IdWriter
  readonly unlock: () => Promise<void>
}

/** The outcome of a commit, and the promise that it is durable. */
interface Admitted {
  readonly outcome: AppendOutcome
  readonly durable: Promise<void> | undefined
}

function writableStore(
  log: LogSource,
  { view, writer, time, indexing, syncs, newId, unlock }: WriterDependencies,
): WritableLog {
  const { index } = indexing
  const group = new GroupCommit({
    limits: log.limits,
    newId,
    write: (frame, options) => writer.append(frame, options),
    probe: () => writer.probe(),
    written(frame, recordedAtMs) {
      indexing.appended()
      view.addWritten(frame, recordedAtMs)
      health.written()
    },
    refused(commits, fault, recordedAtMs) {
      for (const commit of commits.toReversed()) index.removeLast(commit)
      health.refused(fault, { appends: commits.length, atMs: () => recordedAtMs })
    },
  })
  const health = new WriteHealth(log.limits, () => group.probe())
  let closing: Promise<void> | undefined

  /** Checks a commit against all commits accepted before it, and accepts it, in one synchronous step. */
  const admit = (commit: EncodedCommit): Admitted | Promise<Admitted> => {
    group.assertNotPoisoned()
    const { events, commandId } = commit
    const earlier = commandId === undefined ? undefined : index.commitOf(commandId)
    if (earlier !== undefined) return duplicate(earlier)
    const conflict = conflictOf(commit, index)
    if (conflict) return { outcome: { status: 'conflict', conflict }, durable: allDurable() }
    const firstPosition = index.head + 1
    // Everything that may fail comes before the first change, or is rolled back.
    const versions = versionsAfter(events)
    const { epochMs: recordedAtMs, recordedAt } = time.next()
    const durable = added({ commandId, firstPosition, recordedAtMs, events, versions })
    const lastPosition = firstPosition + events.length - 1
    const outcome: AppendOutcome = {
      status: 'written',
      firstPosition,
      lastPosition,
      versions: lastVersions(events, (index) => versions[index]!),
      recordedAt,
    }
    return { outcome, durable }
  }

  /** A conflict is reported only once the commit it conflicts with is durable: that commit may still fail, and then there was no conflict. */
  const allDurable = (): Promise<void> | undefined =>
    index.head > view.visible() ? group.durable(index.head) : undefined

  /** Adds a commit to index and group, or to none of them. */
  const added = (commit: NewCommit): Promise<void> => {
    const { events, versions, commandId, firstPosition } = commit
    for (let at = 0; at < events.length; at++) index.add(events[at]!, versions[at]!)
    if (commandId !== undefined) index.addCommand(commandId, firstPosition)
    try {
      return group.add(commit)
    } catch (error) {
      index.removeLast({ events: events.length, commandId })
      throw error
    }
  }

  const receiveOne = (commit: RecordedCommit): Promise<void> => {
    group.assertNotPoisoned()
    checkFollows(commit, {
      head: index.head,
      lastRecordedAt: instant(time.last),
      versionOf: (stream) => index.versionOf(stream),
    })
    const { commandId, events } = commit
    const [first] = events
    const recordedAtMs = epochMs(first!.recordedAt)
    time.observe(recordedAtMs)
    const versions = events.map(({ version }) => version)
    return added({
      commandId,
      firstPosition: first!.position,
      recordedAtMs,
      events: events.map(encodedAgain),
      versions,
    })
  }

  /** Of each event in its stream. */
  const versionsAfter = (events: readonly EncodedEvent[]): Version[] => {
    if (events.length === 1) return [index.versionOf(events[0]!.stream) + 1]
    const last = new Map<StreamName, Version>()
    return events.map(({ stream }) => {
      const version = (last.get(stream) ?? index.versionOf(stream)) + 1
      last.set(stream, version)
      return version
    })
  }

  const duplicate = async (firstPosition: Position): Promise<Admitted> => {
    // The first commit may still fail, and then this one fails too.
    if (firstPosition > view.visible()) await group.durable(firstPosition)
    const written = await view.withRepair(() => view.writtenAt(firstPosition))
    return { outcome: { status: 'duplicate', ...written }, durable: undefined }
  }

  const enter = (commit: EncodedCommit, signal: AbortSignal | undefined): Admitted | Promise<Admitted> =>
    group.hasRoom ? admit(commit) : group.inTurn(() => admit(commit), signal)

  /** An outcome that needs no wait lets the event loop turn, as reads do. */
  const answered = ({ outcome, durable }: Admitted) => acknowledged(outcome, durable ?? view.turn())

  /** A refusal does so too: a caller that retries immediately would otherwise block the event loop. */
  const refused = async (error: unknown): Promise<never> => {
    health.refused(error, { appends: 1, atMs: () => time.next().epochMs })
    await view.turn()
    throw error
  }

  const accept = (commit: EncodedCommit, signal: AbortSignal | undefined): Promise<AppendOutcome> => {
    let admitted: Admitted | Promise<Admitted>
    try {
      admitted = enter(commit, signal)
    } catch (error) {
      if (!isIndelibleError(error, 'index_damaged')) throw error
      admitted = view.withRepair(() => enter(commit, signal))
    }
    return admitted instanceof Promise ? admitted.then(answered, refused) : answered(admitted)
  }

  const store: EventStore = {
    append(commit, options = {}) {
      const { signal } = options
      try {
        view.assertOpen()
        throwIfAborted(signal)
        return accept(encodeCommit(commit, options), signal)
      } catch (error) {
        return refused(error)
      }
    },
    findCommit: (commandId) => view.findCommit(commandId),
    read: (query, options) => view.read(query, options),
    replay: (types, options) => view.replay(types, options),
    subscribe: (query, options) => view.subscribe(query, options),
    async head() {
      await view.turn()
      return view.head()
    },
    positionAt: (time, options) => view.positionAt(time, options),
    historyAt: (position) => view.historyAt(position, indexing.logId),
    countTypes: () => view.countTypes(),
    async health() {
      await view.turn()
      view.assertOpen()
      return { ...(await health.now()), syncs: syncs.total }
    },
    close() {
      closing ??= (async () => {
        view.end()
        indexing.columns.close()
        await group.idle()
        try {
          await writer.close()
          await indexing.complete(writer)
          await syncs.close()
        } finally {
          await indexing.close()
          view.close()
          await unlock()
        }
      })()
      return closing
    },
  }
  return {
    store,
    async receive(commits) {
      view.assertOpen()
      let last: Promise<void> | undefined
      try {
        for (const commit of commits) {
          if (!group.hasRoom) await last
          last = receiveOne(commit)
          // The last one fails with those before it.
          last.catch(() => {})
        }
      } finally {
        await last
      }
    },
  }
}

/** Holds only the outcome while it waits: the garbage collector has to copy whatever commits under way hold. */
async function acknowledged(outcome: AppendOutcome, durable: Promise<void> | undefined): Promise<AppendOutcome> {
  await durable
  return outcome
}
