// Sends checkpoints to one receiver, the newest one at a time, until it is stopped.
import { isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { Cosignatures, PublishedCheckpoint, Publisher } from '../../proofs/publishers.ts'
import { type ConsumerError, describeError } from '../consumers/status.ts'
import { backoff, pause } from '../waiting.ts'

/** How far a receiver of checkpoints is. */
export interface PublicationStatus {
  readonly name: string
  /** The receiver has a checkpoint up to this position; 0 if it got none from this process yet. */
  readonly position: Position
  /** Why the last try failed. */
  readonly error?: ConsumerError
}

export interface PublicationOptions {
  readonly publisher: Publisher
  readonly cosigned: (checkpoint: PublishedCheckpoint, cosignatures: Cosignatures) => Promise<void>
  /** The receiver knows another history. */
  readonly diverged: (error: unknown) => void
}

export class Publication {
  readonly #options: PublicationOptions
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  #newest: PublishedCheckpoint | undefined
  #sent: PublishedCheckpoint | undefined
  #error: ConsumerError | undefined
  #offered = Promise.withResolvers<void>()

  constructor(options: PublicationOptions) {
    this.#options = options
  }

  status(): PublicationStatus {
    const { name } = this.#options.publisher
    return { name, position: this.#sent?.size ?? 0, ...(this.#error ? { error: this.#error } : {}) }
  }

  offer(checkpoint: PublishedCheckpoint): void {
    this.#newest = checkpoint
    this.#offered.resolve()
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#offered.resolve()
    await this.#running
  }

  async #run(): Promise<void> {
    const { publisher, cosigned, diverged } = this.#options
    const { signal } = this.#stop
    for (let attempt = 0; !signal.aborted; ) {
      const checkpoint = this.#newest!
      try {
        if (checkpoint !== this.#sent) {
          const cosignatures = await publisher.publish(checkpoint, signal)
          if (cosignatures) await cosigned(checkpoint, cosignatures)
          this.#sent = checkpoint
        }
        this.#error = undefined
        attempt = 0
        await pause(publisher.everyMs, signal)
        await this.#another()
      } catch (error) {
        if (signal.aborted) return
        this.#error = describeError(error)
        if (isIndelibleError(error, 'tree_diverged')) {
          this.#running = undefined
          return diverged(error)
        }
        await backoff(attempt++, signal)
      }
    }
  }

  async #another(): Promise<void> {
    while (this.#newest === this.#sent && !this.#stop.signal.aborted) {
      this.#offered = Promise.withResolvers<void>()
      await this.#offered.promise
    }
  }
}
