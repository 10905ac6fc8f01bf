// The store of a process that reads a log which another one may be writing. It takes no lock and changes nothing.
import { IndelibleError } from '../kernel/errors.ts'
import { type Clock, instant } from '../kernel/time.ts'
import { LogIndex } from '../log/index/index.ts'
import type { LogSource } from '../log/limits.ts'
import { openIndex, openLog, type Taken, takeAll } from '../log/open/index.ts'
import type { BuildTask, LogReader } from '../log/read/index.ts'
import type { EventStore } from '../store/port.ts'
import { Follower } from './follower.ts'
import { LogView } from './log-view.ts'

export async function openReadOnly(
  log: LogSource,
  { clock, watches }: { readonly clock: Clock; readonly watches: boolean },
): Promise<EventStore> {
  const index = new LogIndex(log)
  const view = new LogView(log, index, {
    repair: async (segment) => reopenIndex(index, segment),
    columnsMissing: () => {},
  })
  const { reader, indexed } = await openLog(log, index, undefined).catch((error) => {
    view.close()
    throw error
  })
  const take = taking(reader, index, view)
  if (indexed.position > 0) view.show(indexed)
  try {
    await take()
    // Damage is found at once, not by the first who reads.
    await reader.tail()
  } catch (error) {
    await reader.close()
    view.close()
    throw error
  }
  const followed = { view, take, hasMore: () => reader.hasMore(), close: () => reader.close() }
  const follower = new Follower(log, followed, { watches })
  const since = instant(clock.now())
  const readOnly = () => new IndelibleError('store_read_only', `The log in ${log.dir} was opened for reading only.`)
  let closing: Promise<void> | undefined

  return {
    async append() {
      await view.turn()
      view.assertOpen()
      throw readOnly()
    },
    async findCommit(commandId) {
      await follower.catchUp()
      return await view.findCommit(commandId)
    },
    async *read(query, options) {
      await follower.catchUp()
      yield* view.read(query, options)
    },
    async *replay(types, options) {
      await follower.catchUp()
      yield* view.replay(types, options)
    },
    subscribe: (query, options) => view.subscribe(query, options),
    async head() {
      await follower.catchUp()
      return view.head()
    },
    async positionAt(time, options) {
      await follower.catchUp()
      return await view.positionAt(time, options)
    },
    async historyAt(position) {
      await follower.catchUp()
      return await view.historyAt(position, reader.header.logId)
    },
    async countTypes() {
      await follower.catchUp()
      return await view.countTypes()
    },
    async health() {
      await view.turn()
      view.assertOpen()
      const { code, message } = readOnly()
      return { canWrite: false, error: { code, message }, since, refusedAppends: {} }
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

/** Brings everything new into a view, and lets go of what is in memory once the writer has put an index for it on disk. */
function taking(reader: LogReader, index: LogIndex, view: LogView): () => Promise<void> {
  const sealed: BuildTask[] = []
  let notShown: Taken | undefined
  return async () => {
    await takeAll(reader, index, {
      passed(task) {
        index.turnOver()
        sealed.push(task)
      },
      taken(last) {
        notShown = last
      },
    })
    if (notShown) {
      // Who wrote it may not have synced it yet, and what readers have seen must stay.
      await reader.sync()
      view.show(notShown)
      notShown = undefined
    }
    while (sealed.length > 0) {
      const { segment, lastPosition } = sealed[0]!
      const opened = openIndex(index, segment, reader.header.logId)
      if (!opened) return
      if (opened.lastPosition < lastPosition) return opened.release()
      index.addSegment(opened)
      sealed.shift()
    }
  }
}

/** The process that writes the log may have rebuilt the index. */
function reopenIndex(index: LogIndex, segment: number): void {
  const damaged = index.segments.find(({ header }) => header.segment === segment)
  if (!damaged) return
  damaged.release()
  const rebuilt = index.openSegment(segment, damaged.header.logId)
  if (rebuilt) index.replaceSegment(rebuilt)
}
