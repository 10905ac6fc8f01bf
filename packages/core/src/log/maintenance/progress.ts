// Reports the progress of long work on a log.

/** In bytes of the log. */
export interface Progress {
  readonly bytesDone: number
  readonly bytesTotal: number
}

export type OnProgress = (progress: Progress) => void

/** How many bytes pass between two calls. */
const progressBytes = 4 * 1024 * 1024

/** Calls back with the progress, not too often. */
export class ProgressReporter {
  readonly #onProgress: OnProgress | undefined
  readonly #total: number
  #passed = 0
  #reportAt = progressBytes

  constructor(onProgress: OnProgress | undefined, bytesTotal: number) {
    this.#onProgress = onProgress
    this.#total = bytesTotal
  }

  /** Adds bytes that are finished. */
  add(bytes: number): void {
    this.#passed += bytes
    this.report(0)
  }

  /** Reports bytes of the current step, which `add` will count at its end. */
  report(bytes: number): void {
    const done = this.#passed + bytes
    if (done < this.#reportAt) return
    this.#reportAt = done + progressBytes
    this.#onProgress?.({ bytesDone: Math.min(done, this.#total), bytesTotal: this.#total })
  }

  end(): void {
    this.#onProgress?.({ bytesDone: this.#total, bytesTotal: this.#total })
  }
}
