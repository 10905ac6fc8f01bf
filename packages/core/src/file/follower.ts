// Keeps a view up to date with a log that another process writes. The operating system reports changes; besides, the follower looks from time to time.
import { isIndelibleError } from '../kernel/errors.ts'
import { every, type Timer } from '../kernel/timers.ts'
import type { LogSource } from '../log/limits.ts'
import type { LogView } from './log-view.ts'

export interface Followed {
  readonly view: LogView
  /** Brings everything new into the view. */
  readonly take: () => Promise<void>
  /** False only where `take` would find nothing; at once. */
  readonly hasMore: () => boolean
  readonly close: () => Promise<void>
}

export class Follower {
  readonly #followed: Followed
  #stopWatching = () => {}
  #timer: Timer | undefined
  #looking: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  /** No look is under way, and the last one took in all there was. */
  #isSettled = false

  /** Without `watches` it looks only when it is asked to catch up. */
  constructor(log: LogSource, followed: Followed, { watches }: { readonly watches: boolean }) {
    this.#followed = followed
    if (!watches) return
    const look = () => void this.#lookAgain().catch(() => {})
    this.#stopWatching = log.disk.watch(log.dir, (name) => {
      if (isOfInterest(name)) look()
    })
    this.#timer = every(log.limits.followMs, look)
    look()
  }

  /** Takes in all that was durable at the time of the call. */
  async catchUp(): Promise<void> {
    const { view, hasMore } = this.#followed
    await view.turn()
    view.assertOpen()
    if (this.#isSettled && !hasMore()) return
    await this.#lookAgain()
  }

  #lookAgain(): Promise<void> {
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
    this.#timer?.cancel()
    this.#stopWatching()
    await this.#lookAgain().catch(() => {})
    await this.#followed.close()
  }

  async #look(): Promise<void> {
    const { view, take } = this.#followed
    this.#isSettled = false
    try {
      view.assertOpen()
      await take()
      this.#isSettled = true
    } catch (error) {
      // A failed read may succeed the next time; damage stays.
      if (isIndelibleError(error, 'log_corrupt')) view.fail(error)
      throw error
    }
  }
}

/** Replay columns and temporary files are written often, and have nothing that a follower needs. */
function isOfInterest(name: string | undefined): boolean {
  return name === undefined || name.endsWith('.log') || name.endsWith('.idx')
}
