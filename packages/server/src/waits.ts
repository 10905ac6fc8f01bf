// A request that waits holds a connection and a place among those who are told. Each ends before long, and there are only so many at once.
import { retryAfterSeconds, waitsMax } from './limits.ts'
import { HttpError } from './problems.ts'

export class Waits {
  #underWay = 0

  /** Throws `too_many_waits`. */
  async one<Result>(wait: () => Promise<Result>): Promise<Result> {
    if (this.#underWay >= waitsMax) {
      throw new HttpError('too_many_waits', `${waitsMax} requests wait already.`, {
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
