// Makes one of many decisions a second time, after its events were appended. In production nothing else tells that domain code has a clock, a random number
// or a variable of a module in it: the same command, decided again from the log, would come to other events.
import { messageOf } from '../../kernel/shown.ts'
import type { StreamName } from '../../kernel/streams.ts'
import { differenceOf } from '../guard/index.ts'

/** A command was decided again on the same state, and came to something else. The events are in the log, so this is no error of the command. Reported once for each command. */
export interface RecheckNotice {
  readonly kind: 'not repeatable'
  /** The command: `account/WithdrawFunds`. */
  readonly name: string
  readonly stream: StreamName
  /** Where both differ, and how. */
  readonly reason: string
}

export interface RecheckOptions {
  /** One decision in so many. None for 0. */
  readonly every: number
  readonly notify: (notice: RecheckNotice) => void
}

export class Recheck {
  readonly #options: RecheckOptions
  readonly #notified = new Set<string>()
  #decisions = 0

  constructor(options: RecheckOptions) {
    this.#options = options
  }

  /** Called after a command was carried out, with what it came to. Never throws. */
  carriedOut({ name, stream }: Pick<RecheckNotice, 'name' | 'stream'>, first: unknown, again: () => unknown): void {
    const { every, notify } = this.#options
    if (!(every > 0) || ++this.#decisions % every !== 0 || this.#notified.has(name)) return
    const reason = differenceNow(first, again)
    if (reason === undefined) return
    this.#notified.add(name)
    try {
      notify({ kind: 'not repeatable', name, stream, reason })
    } catch {
      // The user's `onNotice` failed, directly after a successful command.
    }
  }
}

function differenceNow(first: unknown, again: () => unknown): string | undefined {
  try {
    return differenceOf(first, again())
  } catch (error) {
    return `it failed the second time: ${messageOf(error)}`
  }
}
