// Carries out the commands of sagas and policies in another system. Their ids there have the name of this log before them, so that two systems that run
// the same declaration never use the same id.
import type { Command } from '../../kernel/commands.ts'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { AnyRemoteSystem } from '../../kernel/remotes.ts'
import type { Clock } from '../../kernel/time.ts'
import { timer } from '../../kernel/timers.ts'
import { inNewestForm } from '../../kernel/upcasts.ts'
import type { EventStore } from '../../store/port.ts'
import type { CommandOutcome, SendOptions } from '../commands/outcome.ts'
import { remoteRequestsMax } from '../limits.ts'
import { type Executor, executionOf, type Failure, type GivenUp, type Sent } from '../processes/executor.ts'
import type { RemoteConnection } from './connection.ts'

export interface RemoteExecutorOptions {
  readonly remote: AnyRemoteSystem
  readonly connection: RemoteConnection
  readonly store: EventStore
  /** The name of this system, for the log of the other one. */
  readonly system: string
  readonly clock: Clock
  /** False until it is known from where on its events are heard: the answer to what is sent before could be missed. */
  readonly isHeard: () => boolean
}

export class RemoteExecutor implements Executor {
  readonly #options: RemoteExecutorOptions
  #underWay = 0
  #logId: Promise<string> | undefined

  constructor(options: RemoteExecutorOptions) {
    this.#options = options
  }

  /** As {@link RemoteConnection.send}, for a command id of this system. */
  async send(command: Command, { commandId, ...options }: SendOptions): Promise<CommandOutcome> {
    const { remote, connection, isHeard } = this.#options
    if (!isHeard()) throw this.#unavailable('was not reached yet')
    const { remote: _, ...theirs } = command
    const { actor, correlationId, traceparent, validAt, signal } = options
    const sent = {
      commandId: await this.#idThere(commandId!),
      ...(actor === undefined ? {} : { actor: this.#actorThere(actor) }),
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(validAt === undefined ? {} : { validAt }),
      ...(signal === undefined ? {} : { signal }),
    }
    if (
      !Object.values(remote.commands).some((each) => each.type === command.type && each.category === command.category)
    )
      throw new IndelibleError(
        'unknown_command',
        `The other system "${remote.name}" is declared without "${command.type}".`,
      )
    return await this.#asked(() => connection.send(theirs, sent))
  }

  async carryOut({ command, commandId, deadline }: Sent, options: SendOptions, signal: AbortSignal) {
    const { clock } = this.#options
    const late = new AbortController()
    const leftMs = deadline === null ? undefined : Date.parse(deadline) - clock.now()
    const limit = leftMs === undefined ? undefined : (clock.timer ?? timer)(leftMs, () => late.abort())
    try {
      const ended = AbortSignal.any([signal, late.signal])
      return executionOf(await this.send(command, { ...options, commandId, signal: ended }))
    } catch (error) {
      if (isIndelibleError(error, 'command_claimed')) return { status: 'givenUp' } as const
      throw error
    } finally {
      limit?.cancel()
    }
  }

  async find({ commandId }: Sent, signal: AbortSignal) {
    const found = await this.#found(commandId, signal)
    return found.status === 'carriedOut' ? found.position : undefined
  }

  async giveUp(
    { commandId }: Sent,
    { reason, details }: Failure,
    options: SendOptions,
    signal: AbortSignal,
  ): Promise<GivenUp> {
    const claim = { commandId: await this.#idThere(commandId), reason, details }
    const actor = this.#actorThere(options.actor!)
    const outcome = await this.#asked(() => this.#options.connection.claim(claim, { actor, signal }))
    if (outcome.status === 'carriedOut') return { status: 'done', position: outcome.position }
    const why = { reason: outcome.reason, details: outcome.details as Failure['details'] }
    return { status: 'givenUp', why, claim: undefined }
  }

  async recorded({ commandId }: Sent, types: Parameters<Executor['recorded']>[1], signal: AbortSignal) {
    const found = await this.#found(commandId, signal)
    if (found.status !== 'carriedOut') return []
    const byType = new Map(types.map((each) => [each.type, each]))
    return found.events.map((event) => {
      const type = byType.get(event.type)
      return type ? inNewestForm(type, event) : event
    })
  }

  async #found(commandId: string, signal: AbortSignal) {
    const id = await this.#idThere(commandId)
    return await this.#asked(() => this.#options.connection.find(id, { signal }))
  }

  /** The requests to a system that hangs must leave room for the sagas that need nothing of it. */
  async #asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#underWay >= remoteRequestsMax) throw this.#unavailable(`has ${this.#underWay} requests to answer first`)
    this.#underWay++
    try {
      return await ask()
    } finally {
      this.#underWay--
    }
  }

  async #idThere(commandId: string): Promise<string> {
    this.#logId ??= this.#options.store.historyAt(0) as Promise<string>
    return `${await this.#logId}:${commandId}`
  }

  #actorThere(actor: string): string {
    return `${this.#options.system}/${actor}`
  }

  #unavailable(why: string): IndelibleError {
    return new IndelibleError('remote_unavailable', `The other system "${this.#options.remote.name}" ${why}.`)
  }
}
