// Commands in, events out: loads the aggregate and the consulted facts, decides, and appends the events if both are unchanged. Otherwise it decides again.
import type { AnyCommandType, Command } from '../../kernel/commands.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { DomainEvent } from '../../kernel/event-types.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import type { Position, Version } from '../../kernel/positions.ts'
import type { QueryItem } from '../../kernel/queries.ts'
import type { Refusal } from '../../kernel/refusals.ts'
import { isReserved, refuseReserved } from '../../kernel/reserved.ts'
import { shown } from '../../kernel/shown.ts'
import type { StreamName } from '../../kernel/streams.ts'
import type { Clock } from '../../kernel/time.ts'
import type { AppendCondition, EventStore, WrittenCommit } from '../../store/port.ts'
import type { Guard } from '../guard/index.ts'
import { conflictRetriesMax } from '../limits.ts'
import { type Append, appendTo, type Telemetry } from '../telemetry/index.ts'
import type { AggregateLoader } from './aggregate-loader.ts'
import { type Claims, claimsOf, noClaims } from './claims.ts'
import { decideOn, isRefusal } from './decide.ts'
import { type Envelope, envelopeOf, newEvent, recordableCopy, recordedCommand } from './envelope.ts'
import { type Consulted, consultedBy, type Facts } from './facts.ts'
import { Mailboxes } from './mailbox.ts'
import type { CommandOutcome, SendOptions } from './outcome.ts'
import type { Recheck } from './recheck.ts'
import type { Folded } from './snapshot-keeper.ts'
import { watchedCommand } from './watched-command.ts'

export interface CommandHandlerOptions {
  readonly commands: readonly AnyCommandType[]
  readonly store: EventStore
  readonly loader: AggregateLoader
  readonly facts: Facts
  readonly clock: Clock
  readonly ids: IdGenerator
  readonly guard: Guard
  readonly recheck: Recheck
  readonly telemetry: Telemetry
  /** Called with the outcome of each command that was not carried out. */
  readonly notCarriedOut: (envelope: Envelope, outcome: NotCarriedOut) => void
}

type NotCarriedOut = Exclude<CommandOutcome, { readonly status: 'accepted' }>

export class CommandHandler {
  readonly #options: CommandHandlerOptions
  readonly #types: ReadonlyMap<string, AnyCommandType>
  readonly #mailboxes = new Mailboxes()
  readonly #append: Append
  #before: Promise<unknown> | undefined

  constructor(options: CommandHandlerOptions) {
    this.#options = options
    this.#append = appendTo(options.store, options.telemetry)
    this.#types = new Map(options.commands.map((type) => [`${type.category}/${type.type}`, type]))
  }

  /**
   * Throws `unknown_command`, `invalid_command`, `invalid_stream_name`, `invalid_time`, `invalid_position`, `command_id_reused`, `command_claimed`,
   * `event_version_unknown`, `upcast_failed` and what the store throws.
   */
  async send(command: Command<string, unknown, unknown>, options: SendOptions = {}): Promise<CommandOutcome> {
    const { telemetry } = this.#options
    const type = this.#typeOf(command as Command)
    if (!telemetry.isOn) return await this.#send(type, command as Command, options)
    return await watchedCommand(telemetry, { type, options }, (traced) => this.#send(type, command as Command, traced))
  }

  /** Commands wait until then. */
  waitFor(before: Promise<unknown>): void {
    this.#before = before.finally(() => {
      this.#before = undefined
    })
  }

  async #send(type: AnyCommandType, command: Command, options: SendOptions): Promise<CommandOutcome> {
    const envelope = envelopeOf(type, command, options, this.#options)
    const consulted = consultedBy(type, envelope.input)
    if (this.#before) await this.#before
    // Commands that consult the same facts run one after the other: at the same time they would only conflict.
    const keys = consulted.length === 0 ? [envelope.stream] : [envelope.stream, ...consulted.map(({ key }) => key)]
    const outcome = await this.#mailboxes.post(keys, () => this.#handle(envelope, consulted))
    if (outcome.status !== 'accepted') this.#options.notCarriedOut(envelope, outcome)
    return outcome
  }

  /** Another process has brought a stream to a version. To decide on an older one would only conflict. */
  outdated(stream: StreamName, version: Version): void {
    this.#options.loader.outdated(stream, version)
  }

  /**
   * The command as it is recorded to be sent later. Throws `unknown_command`, `invalid_command`, `invalid_stream_name` for one that could not be sent.
   */
  recordable(command: Command<string, unknown, unknown>): Command {
    const type = this.#typeOf(command as Command)
    const recorded = recordableCopy(command as Command)
    envelopeOf(type, recorded, {}, this.#options)
    return recorded
  }

  #typeOf(command: Command): AnyCommandType {
    const { category, type } = command ?? {}
    const found = this.#types.get(`${category}/${type}`)
    if (found) return found
    throw new IndelibleError(
      'unknown_command',
      `The system declares no command ${shown(type)} for ${shown(category)}.`,
      {
        details: { category, type },
      },
    )
  }

  async #handle(envelope: Envelope, consulted: readonly Consulted[]): Promise<CommandOutcome> {
    const { store, facts, guard } = this.#options
    const { type, stream, commandId, options } = envelope
    let loaded = await this.#loaded(envelope, 'load')

    for (let attempt = 0; ; attempt++) {
      if (options.expectedVersion !== undefined && options.expectedVersion !== loaded.version) {
        // The version may differ because this command was carried out before, or because the cache is behind the log.
        const earlier = await this.#earlier(envelope)
        loaded = await this.#loaded(envelope, 'reload')
        if (earlier) return earlier
        if (options.expectedVersion !== loaded.version)
          return conflict(envelope, options.expectedVersion, loaded.version)
      }
      const seenUpTo = needsHead(type) ? (await store.head()).position : 0
      const known = consulted.length === 0 ? {} : await facts.at(seenUpTo, consulted)

      const decide = () => decideOn(envelope, { state: loaded.state, facts: known }, guard)
      const decision = decide()
      const proposal = await this.#proposal(envelope, loaded, decision, seenUpTo)
      if (proposal === 'nothing' || 'refused' in proposal) {
        const earlier = await this.#earlier(envelope)
        if (earlier) return earlier
        // Nothing will be appended, so no version check finds out that the cache is behind the log.
        const seen = loaded.version
        loaded = await this.#loaded(envelope, 'reload')
        if (loaded.version !== seen && attempt < conflictRetriesMax) continue
        const { version, position } = loaded
        return proposal !== 'nothing'
          ? { status: 'refused', commandId, stream, version, reason: proposal.refused, details: proposal.details }
          : { status: 'accepted', commandId, stream, version, position, recordedAt: null, duplicate: false }
      }

      const { events, next, claims } = proposal
      const condition = conditionOf([...consulted.map(({ query }) => query), ...claims.query], seenUpTo)
      const expected = type.aggregate && ({ [stream]: loaded.version } as Record<StreamName, Version>)
      const outcome = await this.#append(
        { events, commandId, ...(expected && { expected }), ...(condition && { condition }) },
        { reserved: true, ...(options.signal && { signal: options.signal }) },
        options.traceparent,
      )
      if (outcome.status === 'duplicate') return await this.#duplicate(envelope, outcome)
      if (outcome.status === 'written') {
        if (type.aggregate)
          await this.#options.loader.advance(type.aggregate, stream, { ...next, position: outcome.lastPosition })
        this.#options.recheck.carriedOut({ name: `${type.category}/${type.type}`, stream }, decision, decide)
        return accepted(envelope, outcome, false)
      }
      const overtaken = loaded.version
      loaded = await this.#loaded(envelope, outcome.conflict.cause === 'version' ? 'loadFresh' : 'reload')
      if (attempt === conflictRetriesMax) return conflict(envelope, overtaken, loaded.version)
    }
  }

  /** The aggregate, if the command has one. */
  async #loaded({ type: { aggregate }, stream }: Envelope, how: 'load' | 'reload' | 'loadFresh'): Promise<Folded> {
    return aggregate ? await this.#options.loader[how](aggregate, stream) : withoutAggregate
  }

  /** What to append, or a refusal: by the decision, or because a unique value is taken. */
  async #proposal(
    envelope: Envelope,
    loaded: Folded,
    decision: Refusal | readonly DomainEvent[],
    to: Position,
  ): Promise<Proposal | Refusal | 'nothing'> {
    if (isRefusal(decision)) return decision
    if (decision.length === 0) return 'nothing'
    const { loader, store } = this.#options
    const { aggregate } = envelope.type
    const recorded = (data: unknown) => recordedCommand(envelope, to, data)
    const events = decision.map((event, index) => newEvent(event, envelope, index === 0 ? recorded : undefined))
    // A decision may not use reserved names. Only the runtime adds them: the tags of claims, and the command ids of sagas.
    events.forEach(refuseReserved)
    if (!aggregate) return { events, next: withoutAggregate, claims: noClaims }
    const next = loader.preview(aggregate, loaded, events)
    if (!isUnique(envelope.type)) return { events, next, claims: noClaims }
    const { stream } = envelope
    const claims = await claimsOf(aggregate, { stream, before: loaded.state, after: next.state }, { store, to })
    if ('refused' in claims) return claims
    const last = events.at(-1)!
    const tagged = { ...last, tags: [...(last.tags ?? []), ...claims.tags] }
    return { events: claims.tags.length === 0 ? events : [...events.slice(0, -1), tagged], next, claims }
  }

  /** The outcome of an earlier command with the same id, if the caller chose the id. */
  async #earlier(envelope: Envelope): Promise<CommandOutcome | undefined> {
    if (envelope.options.commandId === undefined) return undefined
    const written = await this.#options.store.findCommit(envelope.options.commandId)
    return written && (await this.#duplicate(envelope, written))
  }

  /** Throws `command_id_reused` if another command was carried out with this id, and `command_claimed` if it was claimed. */
  async #duplicate(envelope: Envelope, written: WrittenCommit): Promise<CommandOutcome> {
    const { stream, commandId, requestHash } = envelope
    if (Object.keys(written.versions).some(isReserved)) {
      const message = `Command id "${commandId}" was claimed: a command with this id is not carried out any more.`
      throw new IndelibleError('command_claimed', message, { details: { commandId, position: written.firstPosition } })
    }
    const [batch] = await Array.fromAsync(
      this.#options.store.read([{ streams: [stream] }], { from: written.firstPosition, limit: 1 }),
    )
    const recorded = batch?.events[0]?.metadata.requestHash
    if (written.versions[stream] === undefined || (recorded !== undefined && recorded !== requestHash)) {
      const message = `Command id "${commandId}" was used before, for another command. Give each command its own id.`
      throw new IndelibleError('command_id_reused', message, { details: { commandId, stream } })
    }
    return accepted(envelope, written, true)
  }
}

/** What a command would append. */
interface Proposal {
  readonly events: readonly ReturnType<typeof newEvent>[]
  /** The aggregate after these events. */
  readonly next: Folded
  readonly claims: Claims
}

/** A command without an aggregate decides on facts alone. */
const withoutAggregate: Folded = { state: undefined, version: 0, position: 0 }

function isUnique({ aggregate }: AnyCommandType): boolean {
  return aggregate !== undefined && Object.keys(aggregate.unique).length > 0
}

/** Whether a decision depends on more than its own stream. Then the append needs the position up to which it has read. */
function needsHead(type: AnyCommandType): boolean {
  return isUnique(type) || Object.keys(type.consults).length > 0
}

function conditionOf(items: readonly QueryItem[], after: Position): AppendCondition | undefined {
  return items.length === 0 ? undefined : { failIfEventsMatch: items, after }
}

function accepted({ stream, commandId }: Envelope, written: WrittenCommit, duplicate: boolean): CommandOutcome {
  return {
    status: 'accepted',
    commandId,
    stream,
    version: written.versions[stream]!,
    position: written.lastPosition,
    recordedAt: written.recordedAt,
    duplicate,
  }
}

function conflict({ stream, commandId }: Envelope, expectedVersion: Version, version: Version): CommandOutcome {
  return { status: 'conflict', commandId, stream, version, expectedVersion }
}
