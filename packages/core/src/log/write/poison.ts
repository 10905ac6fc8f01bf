// Set after a write or a sync failed and left unknown what is on disk. From then on the writer refuses everything.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'

export class Poison {
  #isPoisoned = false

  get isPoisoned(): boolean {
    return this.#isPoisoned
  }

  /** Throws `store_poisoned` after a guarded step has failed. */
  assertNone(): void {
    if (this.#isPoisoned) throw poisoned()
  }

  /** Waits for a step whose failure leaves unknown what is on disk. Throws `store_poisoned` when it fails. */
  async guard(step: Promise<void>): Promise<void> {
    await step.catch((cause) => {
      this.#isPoisoned = true
      throw isIndelibleError(cause, 'store_poisoned') ? cause : poisoned(cause)
    })
  }
}

function poisoned(cause?: unknown): IndelibleError {
  return new IndelibleError(
    'store_poisoned',
    'A write to the log failed and left unknown what is on disk. Close the store and open it again to find out.',
    { cause },
  )
}
