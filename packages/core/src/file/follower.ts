// Keeps a view up with a log that another process writes: told by the operating system when something changes, and by looking now and then.
import { isIndelibleError } from '../kernel/errors.ts'
import type { LogSource } from '../log/limits.ts'
import type { LogReader } from '../log/reader.ts'
import { type LogView, takeAll } from './log-view.ts'

export class Follower {
  readonly #reader: LogReader
  readonly #view: LogView
  readonly #stopWatching: () => void
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  /** Goes on where a reader is. */
  constructor(log: LogSource, reader: LogReader, view: LogView) {
    this.#reader = reader
    this.#view = view
    const look = () => void this.catchUp().catch(() => {})
    this.#stopWatching = log.disk.watch(log.dir, look)
    this.#timer = setInterval(look, log.limits.followMs)
    look()
  }

  /** Takes in all that was durable at the time of the call. */
  catchUp(): Promise<void> {
    // A look under way may have passed the end already, so who comes now shares the next one.
    this.#next ??= this.#looking.then(async () => {
      const now = this.#next!
      this.#looking = now.catch(() => {})
      this.#next = undefined
      await this.#look()
    })
    return this.#next
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopWatching()
    await this.catchUp().catch(() => {})
    await this.#reader.close()
  }

  async #look(): Promise<void> {
    try {
      this.#view.assertOpen()
      await takeAll(this.#reader, this.#view)
    } catch (error) {
      // A failed read may succeed the next time; damage stays.
      if (isIndelibleError(error, 'log_corrupt')) this.#view.fail(error)
      throw error
    }
  }
}
