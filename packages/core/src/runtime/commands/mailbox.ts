// Runs work on the same key one after the other, and work on different keys at the same time, so that commands on one aggregate do not conflict.

export class Mailboxes {
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Runs the work after all earlier work with one of these keys has ended, successfully or not. */
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
