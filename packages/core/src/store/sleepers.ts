// Readers who wait, without polling, until something changes.

export class Sleepers {
  readonly #waiting = new Set<() => void>()

  get count(): number {
    return this.#waiting.size
  }

  /** Resolves when the others are woken too, or the signal aborts. */
  async sleep(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }

  wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}
