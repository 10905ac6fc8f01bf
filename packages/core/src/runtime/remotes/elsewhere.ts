// What all that is carried out outside of this system shares: ids of its own there, a bound of requests, and the time that a step has left.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/time.ts'
import { timer } from '../../kernel/timers.ts'
import type { EventStore } from '../../store/port.ts'
import type { CommandOutcome } from '../commands/outcome.ts'
import { remoteRequestsMax } from '../limits.ts'
import { type Execution, executionOf, type Sent } from '../processes/executor.ts'

export interface ElsewhereOptions {
  /** For messages: `The other system "partner"`. */
  readonly who: string
  readonly store: EventStore
  readonly clock: Clock
}

export class Elsewhere {
  readonly #options: ElsewhereOptions
  #underWay = 0
  #logId: Promise<string> | undefined

  constructor(options: ElsewhereOptions) {
    this.#options = options
  }

  /** The id of a command there has the name of this log before it, so that two systems that run the same declaration never use the same id. */
  async idThere(commandId: string): Promise<string> {
    this.#logId ??= this.#options.store.historyAt(0) as Promise<string>
    return `${await this.#logId}:${commandId}`
  }

  /** Asks, if there are not too many requests under way: those to somebody who hangs must leave room for the sagas that need nothing there. */
  async ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#underWay >= remoteRequestsMax) throw this.unavailable(`has ${this.#underWay} requests to answer first`)
    this.#underWay++
    try {
      return await ask()
    } finally {
      this.#underWay--
    }
  }

  /** Sends what is carried out. Somebody who claimed its id gave it up. */
  async carryOut(
    sent: Pick<Sent, 'deadline'>,
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<CommandOutcome>,
  ): Promise<Execution> {
    try {
      return executionOf(await this.#beforeDeadline(sent, signal, send))
    } catch (error) {
      if (isIndelibleError(error, 'command_claimed')) return { status: 'givenUp' }
      throw error
    }
  }

  /** Runs with a signal that aborts when a step has no time left. */
  async #beforeDeadline<Result>(
    { deadline }: Pick<Sent, 'deadline'>,
    signal: AbortSignal,
    run: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    if (deadline === null) return await run(signal)
    const { clock } = this.#options
    const late = new AbortController()
    const limit = (clock.timer ?? timer)(Date.parse(deadline) - clock.now(), () => late.abort())
    try {
      return await run(AbortSignal.any([signal, late.signal]))
    } finally {
      limit.cancel()
    }
  }

  unavailable(why: string): IndelibleError {
    return new IndelibleError('remote_unavailable', `${this.#options.who} ${why}.`)
  }
}
