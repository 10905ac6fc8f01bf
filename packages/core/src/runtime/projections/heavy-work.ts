// Whoever folds the whole log for a projection holds its rows in memory and takes time from everybody. So one does so for a projection at a time, and few do
// for all of them.
import { IndelibleError } from '../../kernel/errors.ts'
import { heavyWorkMax } from '../limits.ts'

type Kind = 'rebuilt' | 'compared with the log'

export class HeavyWork {
  /** By projection. */
  readonly #underWay = new Map<string, Kind>()
  /** How many wait for their turn. */
  #waiting = 0
  #ended = Promise.withResolvers<void>()

  /** Takes a place for what somebody asked for, until it is disposed of. Throws `projection_busy` where there is none. */
  begin(name: string, kind: Kind): Disposable {
    const other = this.#underWay.get(name)
    if (other) throw busy(name, `The table of "${name}" is being ${other} already. Try again when that is done.`)
    // Who waits for a turn was here before.
    if (this.#underWay.size + this.#waiting < heavyWorkMax) return this.#begun(name, kind)
    const others = [...this.#underWay].map(([each, what]) => `"${each}" is being ${what}`).join(', ')
    throw busy(name, `No more than ${heavyWorkMax} tables are built or compared at once: ${others}. Try again later.`)
  }

  /** The same for what has to be done whether anybody asks or not: it waits. Throws `projection_busy` where the signal ends that. */
  async beginInTurn(name: string, kind: Kind, signal: AbortSignal): Promise<Disposable> {
    const given = Promise.withResolvers<void>()
    const giveUp = () => given.resolve()
    signal.addEventListener('abort', giveUp)
    this.#waiting++
    try {
      while (this.#underWay.has(name) || this.#underWay.size >= heavyWorkMax) {
        if (signal.aborted) throw busy(name, `The table of "${name}" waited for its turn to be ${kind}.`)
        await Promise.race([this.#ended.promise, given.promise])
      }
      return this.#begun(name, kind)
    } finally {
      this.#waiting--
      signal.removeEventListener('abort', giveUp)
    }
  }

  #begun(name: string, kind: Kind): Disposable {
    this.#underWay.set(name, kind)
    return {
      [Symbol.dispose]: () => {
        this.#underWay.delete(name)
        this.#ended.resolve()
        this.#ended = Promise.withResolvers()
      },
    }
  }
}

function busy(name: string, message: string): IndelibleError {
  return new IndelibleError('projection_busy', message, { details: { name } })
}
