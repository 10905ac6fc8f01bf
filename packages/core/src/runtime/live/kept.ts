// Something that runs while it is used, and a little longer: a reader who comes back soon finds it as it was.
import { IndelibleError } from '../../kernel/errors.ts'
import { type Timer, timer } from '../../kernel/timers.ts'
import { feedLingerMs } from '../limits.ts'

export interface Tail {
  /** Whether it has ended by itself: then the next user starts another. */
  readonly hasEnded: boolean
  stop(): void
}

export class Kept<Kind extends Tail> {
  readonly #start: () => Promise<Kind>
  #running: Promise<Kind> | undefined
  #users = 0
  #linger: Timer | undefined
  #isClosed = false

  constructor(start: () => Promise<Kind>) {
    this.#start = start
  }

  /** What runs, until it is disposed of. It is started if it does not run. Throws what the start throws, and `store_closed`. */
  async use(): Promise<{ readonly tail: Kind } & Disposable> {
    this.#users++
    this.#linger?.cancel()
    try {
      const tail = await this.#current()
      let isUsed = true
      const release = () => {
        if (isUsed) this.#release()
        isUsed = false
      }
      return { tail, [Symbol.dispose]: release }
    } catch (error) {
      this.#release()
      // What it needs may have been closed first.
      throw this.#isClosed ? closed() : error
    }
  }

  /** Nobody uses it any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#stop()
  }

  async #stop(): Promise<void> {
    this.#linger?.cancel()
    const running = this.#running
    this.#running = undefined
    await running?.then((tail) => tail.stop()).catch(() => {})
  }

  async #current(): Promise<Kind> {
    if (this.#isClosed) throw closed()
    const running = this.#running
    const tail = await running
    if (tail && !tail.hasEnded) return tail
    // Another user may have started one meanwhile.
    if (this.#running !== running) return await this.#current()
    this.#running = this.#start()
    this.#running.catch(() => {
      this.#running = undefined
    })
    return await this.#running
  }

  #release(): void {
    this.#users--
    if (this.#users > 0) return
    this.#linger?.cancel()
    this.#linger = timer(feedLingerMs, () => void this.#stop()).unref()
  }
}

function closed(): IndelibleError {
  return new IndelibleError('store_closed', 'The system was closed.')
}
