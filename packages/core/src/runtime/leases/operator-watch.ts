// Hears in the log what operators did through other processes, so that whoever runs a consumer acts on it at once.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { RecordedEvent } from '../../kernel/events.ts'
import type { EventStore } from '../../store/port.ts'
import { operatorCategory } from '../operator-log.ts'
import { backoff } from '../waiting.ts'

export class OperatorWatch {
  readonly #store: EventStore
  readonly #hear: (event: RecordedEvent) => void
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor({ store, hear }: { readonly store: EventStore; readonly hear: (event: RecordedEvent) => void }) {
    this.#store = store
    this.#hear = hear
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const query = [{ categories: [operatorCategory] }]
    let after: number | undefined
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        after ??= (await this.#store.head()).position
        for await (const { events, through } of this.#store.subscribe(query, { after, signal })) {
          for (const event of events) this.#hear(event)
          after = through
          attempt = 0
        }
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) return
        await backoff(attempt, signal)
      }
    }
  }
}
