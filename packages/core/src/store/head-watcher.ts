// Lets readers wait, without polling, until the visible head of a log moves.
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import { Sleepers } from './sleepers.ts'

export class HeadWatcher {
  visible: Position = 0
  #closed = false
  readonly #readers = new Sleepers()

  /** Makes everything up to a position visible and wakes the waiting readers. */
  advance(to: Position): void {
    this.visible = to
    this.#readers.wake()
  }

  /** Resolves when an event above the position is visible, or the signal aborts. Throws `store_closed`. */
  async waitBeyond(position: Position, signal: AbortSignal): Promise<void> {
    while (this.visible <= position && !signal.aborted) {
      this.assertOpen()
      await this.#readers.sleep(signal)
    }
  }

  assertOpen(): void {
    if (this.#closed) throw new IndelibleError('store_closed', 'The store is closed.')
  }

  close(): void {
    this.#closed = true
    this.#readers.wake()
  }
}
