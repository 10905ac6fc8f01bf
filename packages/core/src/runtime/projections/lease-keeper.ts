// Renews the lease of a projection, and notices when it is lost or an operator has paused the projection.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { Lease, ReadTables } from '../../store/read-tables.ts'
import { leaseMs } from '../limits.ts'
import { pause } from '../waiting.ts'

export interface LeaseKeeperOptions {
  readonly tables: ReadTables
  readonly name: string
  readonly holder: string
  /** Called with each answer. True ends the renewal. */
  readonly isOver: (lease: Lease) => boolean
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  readonly #over = new AbortController()
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  /** Take the lease before this. */
  constructor(options: LeaseKeeperOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Aborts when the lease is lost, or over. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { tables, name, holder, isOver } = this.#options
    let heldUntil = performance.now() + leaseMs
    for (;;) {
      await pause(leaseMs / 3, this.#stop.signal)
      if (this.#stop.signal.aborted) return
      try {
        const asked = performance.now()
        const lease = await tables.lease(name, { holder, ms: leaseMs })
        if (!lease.isHeld || isOver(lease)) break
        heldUntil = asked + leaseMs
      } catch (error) {
        if (!isIndelibleError(error)) throw error
        // The database does not answer. Until the lease ends it may still be held; after that, writes fail if another runner has it.
        if (performance.now() > heldUntil) break
      }
    }
    this.#over.abort()
  }
}
