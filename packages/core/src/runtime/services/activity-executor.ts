// Carries out activities: asks a service, and records its answer as an event with the command id, so that one answer is recorded at most.
import { type AnyActivityType, retriedStatuses } from '../../kernel/activities.ts'
import type { Command } from '../../kernel/commands.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import { parse } from '../../kernel/schemas.ts'
import { shown } from '../../kernel/shown.ts'
import type { Clock } from '../../kernel/time.ts'
import { tracedBy } from '../../kernel/traceparent.ts'
import type { EventStore } from '../../store/port.ts'
import { envelopeOf, inputOf, newEvent } from '../commands/envelope.ts'
import type { CommandOutcome, SendOptions } from '../commands/outcome.ts'
import { outcomeOf } from '../commands/watched-command.ts'
import type { Guard } from '../guard/index.ts'
import {
  type Execution,
  type Executor,
  type Failure,
  type GivenUp,
  type Sent,
  timedOut,
} from '../processes/executor.ts'
import { Elsewhere } from '../remotes/elsewhere.ts'
import { appendTo, type OpenSpan, spans, type Telemetry } from '../telemetry/index.ts'
import type { ServiceConnection, ServiceRequest, ServiceResponse } from './connection.ts'
import { giveUpRequestOf, requestOf } from './request.ts'

export interface ActivityExecutorOptions {
  readonly service: string
  readonly activities: readonly AnyActivityType[]
  readonly connection: ServiceConnection
  readonly store: EventStore
  readonly clock: Clock
  readonly ids: IdGenerator
  /** Calls the schemas of inputs. */
  readonly guard: Guard
  readonly telemetry: Telemetry
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
    const { service, telemetry } = this.#options
    const type = this.#typeOf(command)
    const { method } = type.activity.call
    const attributes = { 'indelible.service': service, 'indelible.command': type.type, 'http.request.method': method }
    return await telemetry.traced({ span: spans.activity, attributes, parent: options.traceparent }, async (span) => {
      const outcome = await this.#sent(type, command, { ...options, ...tracedBy(span.traceparent) }, span)
      span.set({ 'indelible.outcome': outcomeOf(outcome) })
      return outcome
    })
  }

  async #sent(
    type: AnyActivityType,
    command: Command,
    options: SendOptions,
    { traceparent, set }: OpenSpan,
  ): Promise<CommandOutcome> {
    const { store, telemetry } = this.#options
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
    const response = await this.#ask(request, options)
    set({ 'http.response.status_code': response.status })
    this.#checkKnown(response)
    const refusal = refusalIn(type, response)
    if (refusal) return { status: 'refused', commandId, stream, version: 0, ...refusal }
    if (!isSuccess(response)) throw this.#rejected(type, response)
    const event = newEvent(this.#eventOf(type, response), envelope)
    const outcome = await appendTo(store, telemetry)({ events: [event], commandId }, { reserved: true }, traceparent)
    if (outcome.status === 'conflict') throw this.#there.unavailable('answered while its answer could not be recorded')
    const { lastPosition: position, recordedAt, versions } = outcome
    // It was given up while the service answered.
    if (versions[stream] === undefined) throw claimed(commandId)
    const duplicate = outcome.status === 'duplicate'
    return { status: 'accepted', commandId, stream, version: versions[stream], position, recordedAt, duplicate }
  }

  async carryOut(sent: Sent, options: SendOptions, signal: AbortSignal): Promise<Execution> {
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

  /**
   * A refusal is the last word of the service. After a timeout, the service must say that it never will, before anything follows from that: a request that
   * was aborted here may still arrive there.
   */
  async giveUp(sent: Sent, why: Failure, options: SendOptions, signal: AbortSignal): Promise<GivenUp> {
    const { here } = this.#options
    if (why.reason !== timedOut.reason) return await here.giveUp(sent, why, options, signal)
    const type = this.#typeOf(sent.command)
    const response = await this.#ask(await this.#giveUpRequest(type, sent), { ...options, signal })
    if (response.status !== 409) {
      this.#checkKnown(response)
      if (!isGivenUp(type, response)) throw this.#rejected(type, response, giveUpHint)
      return await here.giveUp(sent, why, options, signal)
    }
    // It was decided, or is under way: the same key gets the same answer, whatever that is.
    const decided = await this.carryOut({ ...sent, deadline: null }, options, signal)
    if (decided.status === 'done') return decided
    if (decided.status === 'unknown') throw this.#there.unavailable(decided.fault)
    // Where it was given up by somebody else, the turn that says so has its command id, and comes before this one.
    const { reason, details } = decided.status === 'refused' ? decided : why
    return await here.giveUp(sent, { reason, details }, options, signal)
  }

  async #giveUpRequest(type: AnyActivityType, { command, commandId }: Sent): Promise<ServiceRequest> {
    const { giveUp, service } = type.activity
    if (!giveUp)
      throw new IndelibleError(
        'invalid_declaration',
        `The time of ${type.type} is over, but the activity does not declare how the service "${service}" is asked not to do it any more. Declare giveUp: 'DELETE /…/{idempotencyKey}'.`,
      )
    const input = inputOf(type, command, { guard: this.#options.guard })
    return giveUpRequestOf(giveUp, { id: command.id, input, idempotencyKey: await this.#there.idThere(commandId) })
  }

  #typeOf({ type, category }: Command): AnyActivityType {
    const found = this.#options.activities.find((each) => each.type === type && each.category === category)
    if (found) return found
    throw new IndelibleError('unknown_command', `The system declares no activity ${shown(type)} of "${category}".`)
  }

  async #ask(request: ServiceRequest, { signal = never, traceparent }: SendOptions): Promise<ServiceResponse> {
    const options = { signal, ...tracedBy(traceparent) }
    return await this.#there.ask(() => this.#options.connection.call(request, options))
  }

  /** Throws `remote_unavailable` for an answer that does not say what the service did, or will do. */
  #checkKnown({ status }: ServiceResponse): void {
    if (status >= 500 || retriedStatuses.includes(status)) throw this.#there.unavailable(`answered ${status}`)
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

  #rejected({ type }: AnyActivityType, { status, body }: ServiceResponse, hint = ''): IndelibleError {
    const problem = `answered ${status} to ${type}, which the activity does not declare.${hint}`
    return new IndelibleError('remote_rejected', `The service "${this.#options.service}" ${problem}`, {
      details: { status, body },
    })
  }
}

const giveUpHint =
  ' It was asked not to do it any more. Only 2xx and 410 say that it never will: where it remembers a key also when it answers otherwise, declare givenUpBy.'

function isSuccess({ status }: ServiceResponse): boolean {
  return status >= 200 && status <= 299
}

/** Whether the service says that it never will. */
function isGivenUp({ activity }: AnyActivityType, response: ServiceResponse): boolean {
  return isSuccess(response) || response.status === 410 || activity.givenUpBy.includes(response.status)
}

/** Why it was not done, and is not done any more. A key is given up after a timeout only: 410 says that it was. */
function refusalIn(type: AnyActivityType, { status, body }: ServiceResponse): Failure | undefined {
  const { refusedBy, giveUp } = type.activity
  const reason = refusedBy[status]
  if (reason === undefined) return status === 410 && giveUp ? timedOut : undefined
  const schema = type.refuses.find((each) => each.reason === reason)?.details
  if (!schema) return { reason, details: {} }
  const what = `The details of the refusal ${reason} of ${type.type}`
  return { reason, details: parse(schema, body, what, 'remote_rejected') as Failure['details'] }
}

function claimed(commandId: string): IndelibleError {
  return new IndelibleError('command_claimed', `The command id "${commandId}" was claimed: nothing is done for it.`)
}

const never = new AbortController().signal
