// Work on one key goes one after the other, on different keys at the same time: commands on one aggregate do not race each other.

export class Mailboxes {
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Runs the work once everything that was posted before under this key has ended, well or badly. */
  async post<Value>(key: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#tails.get(key)
    const result = before ? before.then(work, work) : work()
    this.#tails.set(key, result)
    try {
      return await result
    } finally {
      if (this.#tails.get(key) === result) this.#tails.delete(key)
    }
  }
}
