// Carries out the commands of sagas and policies in another system.
import type { Command } from '../../kernel/commands.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { AnyRemoteSystem } from '../../kernel/remotes.ts'
import type { Clock } from '../../kernel/time.ts'
import { tracedBy } from '../../kernel/traceparent.ts'
import { RecordedTypes } from '../../kernel/upcasts.ts'
import type { EventStore } from '../../store/port.ts'
import type { CommandOutcome, SendOptions } from '../commands/outcome.ts'
import { outcomeOf } from '../commands/watched-command.ts'
import type { Executor, Failure, GivenUp, Sent } from '../processes/executor.ts'
import { spans, type Telemetry } from '../telemetry/index.ts'
import type { RemoteConnection } from './connection.ts'
import { Elsewhere } from './elsewhere.ts'

export interface RemoteExecutorOptions {
  readonly remote: AnyRemoteSystem
  readonly connection: RemoteConnection
  readonly store: EventStore
  /** The name of this system, for the log of the other one. */
  readonly system: string
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** False until it is known from where on its events are heard: the answer to what is sent before could be missed. */
  readonly isHeard: () => boolean
}

export class RemoteExecutor implements Executor {
  readonly #options: RemoteExecutorOptions
  readonly #there: Elsewhere

  constructor(options: RemoteExecutorOptions) {
    this.#options = options
    this.#there = new Elsewhere({ ...options, who: `The other system "${options.remote.name}"` })
  }

  /** As {@link RemoteConnection.send}, for a command id of this system. */
  async send(command: Command, { commandId, ...options }: SendOptions): Promise<CommandOutcome> {
    const { remote, connection, isHeard, telemetry } = this.#options
    if (!isHeard()) throw this.#there.unavailable('was not reached yet')
    const { remote: _, ...theirs } = command
    const { actor, correlationId, validAt, signal } = options
    const sent = {
      commandId: await this.#there.idThere(commandId!),
      ...(actor === undefined ? {} : { actor: this.#actorThere(actor) }),
      ...(correlationId === undefined ? {} : { correlationId }),
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
    const attributes = {
      'indelible.remote': remote.name,
      'indelible.category': command.category,
      'indelible.command': command.type,
    }
    return await telemetry.traced(
      { span: spans.remote, attributes, parent: options.traceparent },
      async ({ traceparent, set }) => {
        const outcome = await this.#there.ask(() => connection.send(theirs, { ...sent, ...tracedBy(traceparent) }))
        set({ 'indelible.outcome': outcomeOf(outcome) })
        return outcome
      },
    )
  }

  async carryOut(sent: Sent, options: SendOptions, signal: AbortSignal) {
    return await this.#there.carryOut(sent, signal, (ended) =>
      this.send(sent.command, { ...options, commandId: sent.commandId, signal: ended }),
    )
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
    const claim = { commandId: await this.#there.idThere(commandId), reason, details }
    const actor = this.#actorThere(options.actor!)
    const outcome = await this.#there.ask(() =>
      this.#options.connection.claim(claim, { actor, signal, ...tracedBy(options.traceparent) }),
    )
    if (outcome.status === 'carriedOut') return { status: 'done', position: outcome.position }
    const why = { reason: outcome.reason, details: outcome.details as Failure['details'] }
    return { status: 'givenUp', why, claim: undefined }
  }

  async recorded({ commandId }: Sent, types: Parameters<Executor['recorded']>[1], signal: AbortSignal) {
    const found = await this.#found(commandId, signal)
    if (found.status !== 'carriedOut') return []
    return RecordedTypes.of(types).newest(found.events)
  }

  async #found(commandId: string, signal: AbortSignal) {
    const id = await this.#there.idThere(commandId)
    return await this.#there.ask(() => this.#options.connection.find(id, { signal }))
  }

  #actorThere(actor: string): string {
    return `${this.#options.system}/${actor}`
  }
}
