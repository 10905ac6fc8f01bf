// The store of a process that reads a log which another one may be writing. It takes no lock and changes nothing.
import { IndelibleError } from '../kernel/errors.ts'
import type { LogSource } from '../log/limits.ts'
import { LogReader } from '../log/reader.ts'
import type { EventStore } from '../store/port.ts'
import { Follower } from './follower.ts'
import { LogView, takeWhole } from './log-view.ts'

export async function openReadOnly(log: LogSource): Promise<EventStore> {
  const reader = await LogReader.open(log)
  const view = new LogView(log)
  try {
    await takeWhole(reader, view)
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
