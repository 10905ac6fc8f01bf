// Projections of processes that share the work: each runs where its lease is, so that they are spread as all consumers are.
import type { System } from '../../kernel/system.ts'
import { type Holdings, whileHeld } from '../leases/index.ts'
import { backoff } from '../waiting.ts'
import type { ProjectionHost } from './host.ts'

export interface SharedProjectionsOptions {
  readonly projections: ProjectionHost
  readonly holdings: Holdings
}

export class SharedProjections {
  readonly #system: System
  readonly #options: SharedProjectionsOptions
  readonly #stop = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(system: System, options: SharedProjectionsOptions) {
    this.#system = system
    this.#options = options
  }

  start(): void {
    const { isShared } = this.#options.holdings
    if (isShared)
      this.#running = Promise.all(this.#system.projections.map((each) => this.#run(each.name, each.table.fingerprint)))
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Other code of the same projection has a lease of its own: the two builds of the table are settled between them. */
  async #run(name: string, fingerprint: string): Promise<void> {
    const { projections, holdings } = this.#options
    const holding = holdings.hold(`${name}@${fingerprint.slice(0, 12)}`)
    const stop = this.#stop.signal
    const tell = async (isHere: boolean) => {
      // A thread that ended is started again.
      for (let attempt = 0; !stop.aborted; attempt++) {
        try {
          return await projections.call('setHere', { name, isHere })
        } catch {
          await backoff(attempt, stop)
        }
      }
    }
    await whileHeld(holding, {
      stop,
      standBy: () => void tell(false),
      run: async ({ over }) => {
        await tell(true)
        if (!over.aborted && !stop.aborted) {
          const ended = AbortSignal.any([over, stop])
          await new Promise((resolve) => ended.addEventListener('abort', resolve))
        }
        if (!stop.aborted) await tell(false)
      },
    })
  }
}
