// Tells the health of the system whenever the state of something in it changes. It is looked at from time to time, once for all readers.
import { every } from '../../kernel/timers.ts'
import type { Health } from '../health.ts'
import { feedHealthMs } from '../limits.ts'
import { Kept, type Tail } from './kept.ts'
import { endMessage, type FeedBatch, type LiveFeed, untilClosed } from './message.ts'
import { type Entry, type View, Window } from './window.ts'

/** The health at one look. Its position counts the changes. */
export interface HealthEntry extends Entry {
  readonly health: Health
}

export class HealthFeed {
  readonly #tail: Kept<HealthTail>

  constructor(look: () => Promise<Health>) {
    this.#tail = new Kept(() => HealthTail.start(look))
  }

  /** The health now, and whenever a state changes. One `view` always shows the same. Throws what the look throws. */
  async follow(view: View<HealthEntry>, signal: AbortSignal): Promise<LiveFeed> {
    using _ = await this.#tail.use()
    return untilClosed(this.#followed(view, signal))
  }

  async close(): Promise<void> {
    await this.#tail.close()
  }

  async *#followed(view: View<HealthEntry>, signal: AbortSignal): AsyncGenerator<FeedBatch> {
    using used = await this.#tail.use()
    const { window } = used.tail
    let at = window.through - 1
    while (!signal.aborted) {
      const step = window.after(at, view)
      if (step) {
        at = step.through
        yield step.messages
      } else if (!(await window.grows(at, signal))) {
        yield [endMessage('closing')]
        return
      }
    }
  }
}

class HealthTail implements Tail {
  readonly window = new Window<HealthEntry>(0, { sizeMax: changesKeptMax, stepSizeMax: changesKeptMax })
  readonly #look: () => Promise<Health>
  readonly #timer = every(feedHealthMs, () => void this.#lookAgain())
  #isLooking = false
  #shown = ''
  hasEnded = false

  static async start(look: () => Promise<Health>): Promise<HealthTail> {
    const tail = new HealthTail(look)
    tail.#timer.unref()
    await tail.#lookAgain()
    return tail
  }

  private constructor(look: () => Promise<Health>) {
    this.#look = look
  }

  stop(): void {
    this.#end({})
  }

  async #lookAgain(): Promise<void> {
    if (this.#isLooking || this.hasEnded) return
    this.#isLooking = true
    try {
      const health = await this.#look()
      const shown = statesIn(health)
      const position = this.window.through + 1
      if (shown !== this.#shown) this.window.push([{ position, size: 1, health }], position)
      this.#shown = shown
    } catch (error) {
      this.#end({ error })
    } finally {
      this.#isLooking = false
    }
  }

  #end(ended: { readonly error?: unknown }): void {
    this.hasEnded = true
    this.#timer.cancel()
    this.window.end(ended)
  }
}

const changesKeptMax = 10

/** What is a change: positions and lags are none. */
function statesIn({ store, consumers }: Health): string {
  return JSON.stringify([store.canWrite, consumers.map(({ name, kind, state, error }) => [name, kind, state, error])])
}
