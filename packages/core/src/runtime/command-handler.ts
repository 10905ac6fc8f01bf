// Commands in, events out: load the aggregate, let it decide, append with the version it decided on, decide again if that was overtaken.
import type { AnyCommandType, Command, Decision, Refusal } from '../kernel/aggregates.ts'
import { canonicalText } from '../kernel/canonical.ts'
import { settledData } from '../kernel/encoding.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { DomainEvent } from '../kernel/event-types.ts'
import type { EventMetadata, NewEvent } from '../kernel/events.ts'
import { fingerprint } from '../kernel/fingerprint.ts'
import { deepFreeze } from '../kernel/freeze.ts'
import type { IdGenerator } from '../kernel/ids.ts'
import { version as checkedVersion, type Position, type Version } from '../kernel/positions.ts'
import { isReserved, refuseReserved } from '../kernel/reserved.ts'
import { messageOf, shown } from '../kernel/shown.ts'
import type { StreamName } from '../kernel/streams.ts'
import { type Clock, epochMs, type Instant, instant, type ValidTime } from '../kernel/time.ts'
import type { EventStore, WrittenCommit } from '../store/port.ts'
import type { AggregateLoader } from './aggregate-loader.ts'
import { conflictRetriesMax } from './limits.ts'
import { Mailboxes } from './mailbox.ts'
import { type PureCall, trusted } from './purity.ts'
import type { Folded } from './snapshot-keeper.ts'

/** What travels with a command. */
export interface SendOptions {
  /**
   * Makes the command idempotent: sent again with the same id, it gets the first outcome. What must be the same is the command, its aggregate and its
   * input as the schema makes it; who sends it and what else travels with it may differ, and is that of the first. A fresh UUIDv7 when left out.
   */
  readonly commandId?: string
  readonly actor?: string
  /** The command id when left out. */
  readonly correlationId?: string
  readonly causationId?: string
  readonly traceparent?: string
  /** Free keys, recorded with the events. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** When the events are true in the world, if not now. An event with a `validAt` of its own keeps it. */
  readonly validAt?: ValidTime | undefined
  /** Only if the aggregate is at this version; otherwise the outcome is `conflict`. */
  readonly expectedVersion?: Version
  readonly signal?: AbortSignal
}

/**
 * `accepted`: its events, if any, are durable. `position` is what a reader waits for to see them.
 * `refused`: the domain said no; nothing was written, and sent again it is decided afresh.
 * `conflict`: the aggregate is not at the expected version, or others kept overtaking; nothing was written.
 */
export type CommandOutcome = { readonly commandId: string; readonly stream: StreamName; readonly version: Version } & (
  | {
      readonly status: 'accepted'
      readonly position: Position
      readonly recordedAt: Instant | null
      /** True where an earlier command with this id had already done it. */
      readonly duplicate: boolean
    }
  | { readonly status: 'refused'; readonly reason: string; readonly details: Readonly<Record<string, unknown>> }
  | { readonly status: 'conflict'; readonly expectedVersion: Version }
)

export interface CommandHandlerParts {
  readonly commands: readonly AnyCommandType[]
  readonly store: EventStore
  readonly loader: AggregateLoader
  readonly clock: Clock
  readonly ids: IdGenerator
  readonly call: PureCall
}

interface Envelope {
  readonly type: AnyCommandType
  readonly command: Command
  readonly stream: StreamName
  readonly commandId: string
  readonly issuedAt: Instant
  /** As the schema made it. */
  readonly input: unknown
  /** Of a command whose id the caller chose: what a second command with that id must equal. */
  readonly requestHash: string | undefined
  readonly options: SendOptions
}

export class CommandHandler {
  readonly #parts: CommandHandlerParts
  readonly #types: ReadonlyMap<string, AnyCommandType>
  readonly #mailboxes = new Mailboxes()

  constructor(parts: CommandHandlerParts) {
    this.#parts = parts
    this.#types = new Map(parts.commands.map((type) => [`${type.aggregate.category}/${type.type}`, type]))
  }

  /**
   * Throws `unknown_command`, `invalid_command`, `invalid_stream_name`, `invalid_time`, `invalid_position`, `command_id_reused`, `event_version_unknown`
   * and what the store throws.
   */
  async send(command: Command, options: SendOptions = {}): Promise<CommandOutcome> {
    const type = this.#typeOf(command)
    checkOptions(options)
    const stream = type.aggregate.stream(command.id)
    const commandId = options.commandId ?? this.#parts.ids()
    const issuedAt = instant(this.#parts.clock.now())
    const input = this.#parsed(type, command)
    const requestHash = options.commandId === undefined ? undefined : hashOf(command, input)
    return await this.#mailboxes.post(stream, () =>
      this.#handle({ type, command, stream, commandId, issuedAt, input, requestHash, options }),
    )
  }

  #typeOf(command: Command): AnyCommandType {
    const { category, type } = command ?? {}
    const found = this.#types.get(`${category}/${type}`)
    if (found) return found
    throw new IndelibleError('unknown_command', `There is no command ${shown(type)} for ${shown(category)}.`, {
      details: { category, type },
    })
  }

  /** Of a copy: what was given belongs to the caller, who may change it while the command waits, and a schema may answer with what it was given. */
  #parsed(type: AnyCommandType, { input }: Command): unknown {
    const { call } = this.#parts
    const what = `the schema of the input of ${type.type}`
    const own = copyOf(input, type)
    if (call === trusted) return type.parse(own)
    const parsed = call(what, () => type.parse(deepFreeze(own)))
    return deepFreeze(parsed)
  }

  async #handle(envelope: Envelope): Promise<CommandOutcome> {
    const { loader, store } = this.#parts
    const { type, stream, commandId, options } = envelope
    const { aggregate } = type
    let loaded = await loader.load(aggregate, stream)

    for (let attempt = 0; ; attempt++) {
      if (options.expectedVersion !== undefined && options.expectedVersion !== loaded.version) {
        // The version may be another because this very command was here before, or because the cache is behind.
        const earlier = await this.#earlier(envelope)
        loaded = await loader.reload(aggregate, stream)
        if (earlier) return earlier
        if (options.expectedVersion !== loaded.version)
          return conflict(envelope, options.expectedVersion, loaded.version)
      }

      const decision = this.#decide(envelope, loaded)
      if (isRefusal(decision) || decision.length === 0) {
        const earlier = await this.#earlier(envelope)
        if (earlier) return earlier
        // Nothing will be appended, so no version check would find out that what is remembered is behind the log.
        const seen = loaded.version
        loaded = await loader.reload(aggregate, stream)
        if (loaded.version !== seen && attempt < conflictRetriesMax) continue
        const { version, position } = loaded
        return isRefusal(decision)
          ? { status: 'refused', commandId, stream, version, reason: decision.refused, details: decision.details }
          : { status: 'accepted', commandId, stream, version, position, recordedAt: null, duplicate: false }
      }

      const events = decision.map((event) => newEvent(event, envelope))
      // Only sagas get here with a reserved id, and what is decided is the domain's all the same.
      const reserved = isReserved(commandId)
      if (reserved) events.forEach(refuseReserved)
      const next = loader.preview(aggregate, loaded, events)
      const outcome = await store.append(
        { events, expected: { [stream]: loaded.version } as Record<StreamName, Version>, commandId },
        { reserved, ...(options.signal && { signal: options.signal }) },
      )
      if (outcome.status === 'duplicate') return await this.#duplicate(envelope, outcome)
      if (outcome.status === 'written') {
        await loader.advance(aggregate, stream, { ...next, position: outcome.lastPosition })
        return accepted(envelope, outcome, false)
      }
      const overtaken = loaded.version
      loaded = await loader.loadAnew(aggregate, stream)
      if (attempt === conflictRetriesMax) return conflict(envelope, overtaken, loaded.version)
    }
  }

  #decide(
    { type, command, commandId, issuedAt, input, options }: Envelope,
    { state }: Folded,
  ): Refusal | readonly DomainEvent[] {
    const { call } = this.#parts
    const context = { id: command.id, commandId, actor: options.actor, issuedAt, validAt: options.validAt }
    const decision: Decision<DomainEvent> = call(`decide of ${type.type}`, () => type.decide(state, input, context))
    if (typeof decision !== 'object' || decision === null) {
      throw new IndelibleError(
        'invalid_declaration',
        `${type.type} decided "${decision}": answer with a refusal, an event or a list of events.`,
      )
    }
    if (isRefusal(decision)) assertTellable(type, decision)
    return isRefusal(decision) || isList(decision) ? decision : [decision]
  }

  /** The outcome of an earlier command with an id that the caller chose. */
  async #earlier(envelope: Envelope): Promise<CommandOutcome | undefined> {
    if (envelope.options.commandId === undefined) return undefined
    const written = await this.#parts.store.findCommit(envelope.options.commandId)
    return written && (await this.#duplicate(envelope, written))
  }

  /** Throws `command_id_reused` where the command that was carried out under this id was another one. */
  async #duplicate(envelope: Envelope, written: WrittenCommit): Promise<CommandOutcome> {
    const { stream, commandId, requestHash } = envelope
    const [batch] = await Array.fromAsync(
      this.#parts.store.read([{ streams: [stream] }], { from: written.firstPosition, limit: 1 }),
    )
    const recorded = batch?.events[0]?.metadata.requestHash
    if (written.versions[stream] === undefined || (recorded !== undefined && recorded !== requestHash)) {
      const message = `Command id "${commandId}" was used before, for another command. Each command needs an id of its own.`
      throw new IndelibleError('command_id_reused', message, { details: { commandId, stream } })
    }
    return accepted(envelope, written, true)
  }
}

/** A refusal is told over HTTP and recorded by sagas. Throws `invalid_declaration`. */
function assertTellable({ type }: AnyCommandType, { refused, details }: Refusal): void {
  const invalid = (problem: string, cause?: unknown) =>
    new IndelibleError('invalid_declaration', `${type} refused with ${problem}.`, { cause })
  if (typeof refused !== 'string' || refused === '' || !refused.isWellFormed())
    throw invalid(`the reason ${shown(refused)}, which is no text`)
  try {
    JSON.stringify(details)
  } catch (cause) {
    throw invalid(`details that cannot be written as JSON: ${messageOf(cause)}`, cause)
  }
}

/** Throws `invalid_command`, `invalid_time`, `invalid_position`. */
function checkOptions(options: SendOptions): void {
  for (const [name, value] of Object.entries({ options, metadata: options?.metadata })) {
    if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))) continue
    throw new IndelibleError('invalid_command', `The ${name} of a command are an object, not ${shown(value)}.`)
  }
  const { commandId, actor, correlationId, causationId, traceparent, validAt, expectedVersion } = options
  for (const [name, text] of Object.entries({ commandId, actor, correlationId, causationId, traceparent })) {
    if (text === undefined || typeof text === 'string') continue
    throw new IndelibleError('invalid_command', `The ${name} of a command is text, not ${shown(text)}.`)
  }
  if (validAt !== undefined) epochMs(validAt)
  if (expectedVersion !== undefined) checkedVersion(expectedVersion)
}

/** Throws `invalid_command`. */
function copyOf(input: unknown, { type }: AnyCommandType): unknown {
  try {
    return structuredClone(input)
  } catch (cause) {
    throw new IndelibleError('invalid_command', `The input of ${type} cannot be copied: ${messageOf(cause)}`, { cause })
  }
}

/** Of what the schema made; where nobody can look into that, as into an object with private fields, of what was given. Throws `invalid_command`. */
function hashOf({ type, input: given }: Command, input: unknown): string {
  const text = canonicalText(input, { withoutUndefined: true }) ?? canonicalText(given, { withoutUndefined: true })
  if (text !== undefined) return fingerprint([type, text])
  throw new IndelibleError(
    'invalid_command',
    `The input of ${type} holds what cannot be compared, such as a function. Send it without a command id, or give plain data.`,
  )
}

function isRefusal(decision: Decision<DomainEvent>): decision is Refusal {
  return 'refused' in decision
}

function isList(decision: DomainEvent | readonly DomainEvent[]): decision is readonly DomainEvent[] {
  return Array.isArray(decision)
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

/** As it is recorded, which is what evolve handlers see of it too. */
function newEvent(
  event: DomainEvent,
  { stream, commandId, issuedAt, requestHash, options }: Envelope,
): NewEvent & DomainEvent {
  const { actor, causationId, traceparent, correlationId = commandId, metadata } = options
  const known: EventMetadata = {
    ...(actor === undefined ? {} : { actor }),
    commandId,
    correlationId,
    ...(causationId === undefined ? {} : { causationId }),
    ...(traceparent === undefined ? {} : { traceparent }),
    issuedAt,
    ...(requestHash === undefined ? {} : { requestHash }),
  }
  const validAt = event.validAt ?? options.validAt
  return {
    stream,
    type: event.type,
    schemaVersion: event.schemaVersion,
    data: settledData(event),
    metadata: { ...metadata, ...known },
    ...(event.tags ? { tags: event.tags } : {}),
    ...(validAt === undefined ? {} : { validAt }),
  }
}
