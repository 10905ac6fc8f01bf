// Limits the folds of the whole log: one at a time for each projection, and a few in the process. Each holds all rows in memory and takes time from others.
import { IndelibleError } from '../../kernel/errors.ts'
import { heavyWorkMax } from '../limits.ts'

type Kind = 'rebuilt' | 'compared with the log'

export class HeavyWork {
  /** By projection. */
  readonly #underWay = new Map<string, Kind>()
  /** The number of those who wait for their turn. */
  #waiting = 0
  #ended = Promise.withResolvers<void>()

  /** Takes a place for what an operator asked for, until it is disposed of. Throws `projection_busy` if there is none. */
  begin(name: string, kind: Kind): Disposable {
    const other = this.#underWay.get(name)
    if (other) throw busy(name, `The table of "${name}" is already being ${other}. Try again when that is done.`)
    // Those who wait for their turn came first.
    if (this.#underWay.size + this.#waiting < heavyWorkMax) return this.#begun(name, kind)
    const others = [...this.#underWay].map(([each, what]) => `"${each}" is being ${what}`).join(', ')
    throw busy(
      name,
      `At most ${heavyWorkMax} tables are rebuilt or compared at the same time: ${others}. Try again later.`,
    )
  }

  /** The same for what the runner has to do: it waits for a place. Throws `projection_busy` if the signal aborts first. */
  async beginInTurn(name: string, kind: Kind, signal: AbortSignal): Promise<Disposable> {
    const given = Promise.withResolvers<void>()
    const giveUp = () => given.resolve()
    signal.addEventListener('abort', giveUp)
    this.#waiting++
    try {
      while (this.#underWay.has(name) || this.#underWay.size >= heavyWorkMax) {
        if (signal.aborted) throw busy(name, `The table of "${name}" was waiting to be ${kind}, and that was stopped.`)
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
