// Work on one key goes one after the other, on different keys at the same time: commands on one aggregate do not race each other.

export class Mailboxes {
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Runs the work once everything that was posted before under any of these keys has ended, well or badly. */
  async post<Value>(keys: readonly string[], work: () => Promise<Value>): Promise<Value> {
    const before = keys.flatMap((key) => this.#tails.get(key) ?? [])
    const result = before.length === 0 ? work() : Promise.allSettled(before).then(work)
    for (const key of keys) this.#tails.set(key, result)
    try {
      return await result
    } finally {
      for (const key of keys) if (this.#tails.get(key) === result) this.#tails.delete(key)
    }
  }
}
