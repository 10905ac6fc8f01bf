// Limits how many tasks run at the same time. The others wait, first come, first served.

export class Slots {
  #free: number
  readonly #line: (() => void)[] = []

  constructor(slotsMax: number) {
    this.#free = slotsMax
  }

  /** Runs a task as soon as a slot is free. */
  async within<Value>(act: () => Promise<Value>): Promise<Value> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#line.push(resolve))
    try {
      return await act()
    } finally {
      const next = this.#line.shift()
      if (next) next()
      else this.#free++
    }
  }
}
