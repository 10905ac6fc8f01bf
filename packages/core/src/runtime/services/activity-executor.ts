// Carries out activities: asks a service, and records its answer as an event with the command id, so that one answer is recorded at most.
import { type AnyActivityType, retriedStatuses } from '../../kernel/activities.ts'
import type { Command } from '../../kernel/commands.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import { parse } from '../../kernel/schemas.ts'
import { shown } from '../../kernel/shown.ts'
import type { Clock } from '../../kernel/time.ts'
import type { EventStore } from '../../store/port.ts'
import { envelopeOf, newEvent } from '../commands/envelope.ts'
import type { CommandOutcome, SendOptions } from '../commands/outcome.ts'
import { type Executor, type Failure, type GivenUp, type Sent, timedOut } from '../processes/executor.ts'
import type { PureCall } from '../purity.ts'
import { Elsewhere } from '../remotes/elsewhere.ts'
import type { ServiceConnection, ServiceResponse } from './connection.ts'
import { giveUpRequestOf, requestOf } from './request.ts'

export interface ActivityExecutorOptions {
  readonly service: string
  readonly activities: readonly AnyActivityType[]
  readonly connection: ServiceConnection
  readonly store: EventStore
  readonly clock: Clock
  readonly ids: IdGenerator
  /** Calls the schemas of inputs. */
  readonly call: PureCall
  /** What it shares with commands: the answer is recorded in this log. */
  readonly here: Executor
}

export class ActivityExecutor implements Executor {
  readonly #options: ActivityExecutorOptions
  readonly #there: Elsewhere

  constructor(options: ActivityExecutorOptions) {
    this.#options = options
    this.#there = new Elsewhere({ ...options, who: `The service "${options.service}"` })
  }

  /**
   * Throws `remote_unavailable` where the service did not answer, or its answer does not say what it did; `remote_rejected` where it does not accept the
   * request, or its answer does not fit the event; `unknown_command`, `invalid_command`, `aborted`, and what the store throws.
   */
  async send(command: Command, options: SendOptions): Promise<CommandOutcome> {
    const { store } = this.#options
    const type = this.#typeOf(command)
    const commandId = options.commandId!
    const envelope = envelopeOf(type, command, options, this.#options)
    const { stream, input } = envelope
    const earlier = await store.findCommit(commandId)
    if (earlier) {
      const { lastPosition: position, recordedAt, versions } = earlier
      if (versions[stream] === undefined) throw claimed(commandId)
      return { status: 'accepted', commandId, stream, version: versions[stream], position, recordedAt, duplicate: true }
    }
    const idempotencyKey = await this.#there.idThere(commandId)
    const request = requestOf(type.activity.call, { id: command.id, input, idempotencyKey })
    const response = await this.#ask(request, options.signal)
    const reason = type.activity.refusedBy[response.status]
    if (reason !== undefined) {
      const details = detailsOf(type, reason, response)
      return { status: 'refused', commandId, stream, version: 0, reason, details }
    }
    if (response.status < 200 || response.status > 299) throw this.#rejected(type, response)
    const event = newEvent(this.#eventOf(type, response), envelope)
    const outcome = await store.append({ events: [event], commandId }, { reserved: true })
    if (outcome.status === 'conflict') throw this.#there.unavailable('answered while its answer could not be recorded')
    const { lastPosition: position, recordedAt, versions } = outcome
    // It was given up while the service answered.
    if (versions[stream] === undefined) throw claimed(commandId)
    const duplicate = outcome.status === 'duplicate'
    return { status: 'accepted', commandId, stream, version: versions[stream], position, recordedAt, duplicate }
  }

  async carryOut(sent: Sent, options: SendOptions, signal: AbortSignal) {
    return await this.#there.carryOut(sent, signal, (ended) =>
      this.send(sent.command, { ...options, commandId: sent.commandId, signal: ended }),
    )
  }

  find(sent: Sent, signal: AbortSignal) {
    return this.#options.here.find(sent, signal)
  }

  recorded(...given: Parameters<Executor['recorded']>) {
    return this.#options.here.recorded(...given)
  }

  /** A refusal is the last word of the service. After a timeout, the service must say that it does nothing any more. */
  async giveUp(sent: Sent, why: Failure, options: SendOptions, signal: AbortSignal): Promise<GivenUp> {
    const { command, commandId } = sent
    const { giveUp } = this.#typeOf(command).activity
    if (why.reason !== timedOut.reason) return await this.#options.here.giveUp(sent, why, options, signal)
    if (!giveUp)
      throw new IndelibleError(
        'invalid_declaration',
        `The time of ${command.type} is over, but the activity does not declare how the service "${this.#options.service}" is asked not to do it any more. Declare giveUp: 'DELETE /…/{idempotencyKey}'.`,
      )
    const idempotencyKey = await this.#there.idThere(commandId)
    const request = giveUpRequestOf(giveUp, { id: command.id, input: command.input, idempotencyKey })
    const response = await this.#ask(request, signal)
    const { status } = response
    if (status === 409) {
      // It was done: the same key gets the same answer.
      const { position } = (await this.send(command, { ...options, commandId, signal })) as {
        readonly position?: number
      }
      if (position !== undefined) return { status: 'done', position }
    } else if (!isGone(status)) throw this.#rejected(this.#typeOf(command), response)
    return await this.#options.here.giveUp(sent, why, options, signal)
  }

  #typeOf({ type, category }: Command): AnyActivityType {
    const found = this.#options.activities.find((each) => each.type === type && each.category === category)
    if (found) return found
    throw new IndelibleError('unknown_command', `The system declares no activity ${shown(type)} of "${category}".`)
  }

  async #ask(request: ReturnType<typeof requestOf>, signal = never): Promise<ServiceResponse> {
    const response = await this.#there.ask(() => this.#options.connection.call(request, { signal }))
    const { status } = response
    if (status >= 500 || retriedStatuses.includes(status)) throw this.#there.unavailable(`answered ${status}`)
    return response
  }

  /** Throws `remote_rejected` where the answer does not fit: the service has done it, and the code is to be mended. */
  #eventOf({ type, emits: [event] }: AnyActivityType, { status, body }: ServiceResponse) {
    try {
      return event!(body ?? {})
    } catch (cause) {
      const problem = `answered ${status} to ${type}, which does not fit the event ${event!.type}: ${(cause as Error).message}`
      throw new IndelibleError('remote_rejected', `The service "${this.#options.service}" ${problem}`, { cause })
    }
  }

  #rejected({ type }: AnyActivityType, { status, body }: ServiceResponse): IndelibleError {
    const problem = `answered ${status} to ${type}, which the activity does not declare`
    return new IndelibleError('remote_rejected', `The service "${this.#options.service}" ${problem}.`, {
      details: { status, body },
    })
  }
}

/** What a service says that does nothing any more, or knows nothing of it. */
function isGone(status: number): boolean {
  return (status >= 200 && status <= 299) || status === 404 || status === 410
}

/** The body of the answer, where the refusal has a schema. */
function detailsOf({ type, refuses }: AnyActivityType, reason: string, { body }: ServiceResponse): unknown {
  const schema = refuses.find((each) => each.reason === reason)?.details
  return schema ? parse(schema, body, `The details of the refusal ${reason} of ${type}`, 'remote_rejected') : {}
}

function claimed(commandId: string): IndelibleError {
  return new IndelibleError('command_claimed', `The command id "${commandId}" was claimed: nothing is done for it.`)
}

const never = new AbortController().signal
