// A request that waits holds a connection and a place among those who are told. Each ends before long, and there are only so many at once.
import { retryAfterSeconds } from './limits.ts'
import { HttpError } from './problems.ts'

export class Waits {
  readonly #max: number
  #underWay = 0

  constructor(max: number) {
    this.#max = max
  }

  /** Throws `too_many_waits`. */
  async one<Result>(wait: () => Promise<Result>): Promise<Result> {
    if (this.#underWay >= this.#max) {
      throw new HttpError('too_many_waits', `${this.#max} requests wait already.`, {
        headers: { 'Retry-After': String(retryAfterSeconds) },
      })
    }
    this.#underWay++
    try {
      return await wait()
    } finally {
      this.#underWay--
    }
  }
}
