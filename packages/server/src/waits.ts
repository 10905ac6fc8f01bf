// Limits the requests that wait, because each of them holds a connection and a subscription.
import { retryAfterSeconds } from './limits.ts'
import { HttpError } from './problems.ts'

export class Waits {
  readonly #max: number
  #underWay = 0

  constructor(max: number) {
    this.#max = max
  }

  /** How many wait now. */
  get underWay(): number {
    return this.#underWay
  }

  /** Throws `too_many_waits`. */
  async one<Result>(wait: () => Promise<Result>): Promise<Result> {
    if (this.#underWay >= this.#max) {
      throw new HttpError(
        'too_many_waits',
        `The maximum of ${this.#max} waiting requests is reached. Try again later.`,
        {
          headers: { 'Retry-After': String(retryAfterSeconds) },
        },
      )
    }
    this.#underWay++
    try {
      return await wait()
    } finally {
      this.#underWay--
    }
  }
}
