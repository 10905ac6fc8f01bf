// Decides recorded commands again, on the state that they saw, and compares the outcome with what was recorded.
import { canonicalText } from '../kernel/canonical.ts'
import type { AnyCommandType } from '../kernel/commands.ts'
import { dataAsRead, settledData, settledText } from '../kernel/encoding.ts'
import { type ErrorCode, isIndelibleError } from '../kernel/errors.ts'
import type { DomainEvent } from '../kernel/event-types.ts'
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position, Version } from '../kernel/positions.ts'
import type { RecordedCommand } from '../kernel/recorded-command.ts'
import { messageOf } from '../kernel/shown.ts'
import type { StreamName } from '../kernel/streams.ts'
import type { System } from '../kernel/system.ts'
import { fromUtf8, utf8 } from '../kernel/text.ts'
import type { Instant, ValidTime } from '../kernel/time.ts'
import { recordedOf } from '../kernel/viewed-event.ts'
import { decideOn, isRefusal } from '../runtime/commands/decide.ts'
import { consultedBy, Facts } from '../runtime/commands/facts.ts'
import { watching } from '../runtime/guard/index.ts'
import { DomainLog } from '../store/domain-log.ts'
import type { EventStore } from '../store/port.ts'
import { type CommittedEvents, commitsFrom } from './commits.ts'
import { StatesBefore } from './states-before.ts'

/** An event, apart from what the store gives it. */
export interface DecidedEvent {
  readonly type: string
  readonly schemaVersion: number
  readonly data: unknown
  readonly tags: readonly string[]
  readonly validAt: ValidTime | null
}

/** What a decision came to. */
export type DecisionOutcome =
  | { readonly status: 'accepted'; readonly events: readonly DecidedEvent[] }
  | { readonly status: 'refused'; readonly reason: string; readonly details: unknown }
  | { readonly status: 'failed'; readonly message: string }

/**
 * - `same`: the command has the same events, byte for byte. An event of an earlier version is compared in its newest form.
 * - `different`: it has other events, is refused, or cannot be decided.
 * - `undeclared`: the system has no such command any more.
 * - `not recorded`: events were appended without a command, or its input was not JSON.
 */
export type ReplayVerdict = 'same' | 'different' | 'undeclared' | 'not recorded'

/** A command in the log, decided again. */
export interface ReplayedDecision {
  readonly verdict: ReplayVerdict
  /** Of its first event. */
  readonly position: Position
  readonly recordedAt: Instant
  readonly stream: StreamName
  /** The type of the command; null where none was recorded. */
  readonly command: string | null
  readonly commandId: string | null
  /** Whether the code that decides is not the same text as then. A hint: a build changes it too. */
  readonly isOtherCode: boolean
  /** Where the verdict is `different`: what it was decided on, what was recorded, and what it comes to now. */
  readonly difference: DecisionDifference | null
}

export interface DecisionDifference {
  readonly input: unknown
  readonly version: Version
  readonly state: unknown
  readonly facts: Readonly<Record<string, unknown>>
  readonly recorded: DecisionOutcome
  readonly now: DecisionOutcome
}

export interface ReplayOptions {
  /** The first position, inclusive. */
  readonly from?: Position
  /** The last position, inclusive. */
  readonly to?: Position
  readonly signal?: AbortSignal
}

/**
 * Decides every command again whose first event is in the range, in the order of the log. Nothing is written, and memory is bounded. `decide` runs as it does for
 * a command: without clock, random numbers and I/O. Throws what the store throws.
 */
export async function* replayDecisions(
  store: EventStore,
  system: System,
  { signal, ...range }: ReplayOptions = {},
): AsyncGenerator<ReplayedDecision> {
  const replay = new Replay(new DomainLog(store), system)
  for await (const committed of commitsFrom(store, system, range)) {
    signal?.throwIfAborted()
    yield await replay.decided(committed)
  }
}

class Replay {
  readonly #types: ReadonlyMap<string, AnyCommandType>
  readonly #guard = watching('impure_aggregate')
  readonly #states: StatesBefore
  readonly #facts: Facts

  constructor(log: DomainLog, { commands }: System) {
    this.#types = new Map(commands.map((type) => [`${type.category}/${type.type}`, type]))
    this.#states = new StatesBefore(log, this.#guard)
    this.#facts = new Facts({ log, guard: this.#guard })
  }

  async decided(committed: CommittedEvents): Promise<ReplayedDecision> {
    const [first] = committed
    const { position, recordedAt, stream, category } = first
    const { commandId = null, command } = first.metadata
    const told = { position, recordedAt, stream, command: command?.type ?? null, commandId }
    const type = command && this.#types.get(`${category}/${command.type}`)
    const isOtherCode = type !== undefined && type.code !== command!.code
    const rest = { ...told, isOtherCode, difference: null }
    const difference = type && command?.notJson === undefined ? await this.#difference(type, command!, committed) : null
    if (type?.aggregate) this.#states.after(type.aggregate, committed)
    if (!command || command.notJson !== undefined) return { verdict: 'not recorded', ...rest }
    if (!type) return { verdict: 'undeclared', ...rest }
    return difference ? { verdict: 'different', ...rest, difference } : { verdict: 'same', ...rest }
  }

  async #difference(
    type: AnyCommandType,
    command: RecordedCommand,
    committed: CommittedEvents,
  ): Promise<DecisionDifference | null> {
    const [first] = committed
    const input = inputOf(command, first)
    const { now, state, facts } = await this.#again(type, { first, command, input })
    if (isSame(committed, now)) return null
    const version = type.aggregate ? first.version - 1 : 0
    return { input, version, state, facts, recorded: outcomeOf(committed), now: now.outcome }
  }

  async #again(type: AnyCommandType, { first, command, input: given }: Seen): Promise<Again> {
    let state: unknown
    let facts: Readonly<Record<string, unknown>> = {}
    try {
      state = type.aggregate && (await this.#states.before(type.aggregate, first))
      const input = this.#guard.callOnce(`the schema of the input of ${type.category}/${type.type}`, () =>
        type.parse(given),
      )
      facts = await this.#facts.at(command.factsAt ?? 0, consultedBy(type, input))
      const decision = decideOn(envelopeOf(type, first, command, input), { state, facts }, this.#guard)
      if (isRefusal(decision)) {
        const { refused: reason, details } = decision
        return { state, facts, now: { outcome: { status: 'refused', reason, details }, events: [] } }
      }
      const events = decision.map((event) => ({ ...event, data: settledData(event) }))
      const shown = events.map((event) => shownOf({ ...event, data: dataAsRead(event) }, command.validAt))
      return { state, facts, now: { outcome: { status: 'accepted', events: shown }, events } }
    } catch (error) {
      if (isIndelibleError(error) && !ofTheCode.includes(error.code)) throw error
      return { state, facts, now: { outcome: { status: 'failed', message: messageOf(error) }, events: [] } }
    }
  }
}

interface Seen {
  readonly first: RecordedEvent
  readonly command: RecordedCommand
  readonly input: unknown
}

interface Again {
  readonly state: unknown
  readonly facts: Readonly<Record<string, unknown>>
  readonly now: { readonly outcome: DecisionOutcome; readonly events: readonly DomainEvent[] }
}

/** Faults of a command's code. Other errors are faults of the store. */
export const ofTheCode: readonly ErrorCode[] = [
  'invalid_command',
  'invalid_declaration',
  'event_type_unknown',
  'impure_aggregate',
  'invalid_event',
]

function envelopeOf(
  type: AnyCommandType,
  { stream, streamId: id, category, metadata }: RecordedEvent,
  { input: given, validAt }: RecordedCommand,
  input: unknown,
) {
  const { actor, commandId } = metadata
  const command = { type: type.type, category, id, input: given }
  const options = { ...(actor === undefined ? {} : { actor }), validAt }
  return { type, command, stream, commandId: commandId!, issuedAt: metadata.issuedAt as Instant, input, options }
}

/** The input of a recorded command, which is left out where it is the same as the data of its first event. */
export function inputOf(command: RecordedCommand, first: RecordedEvent): unknown {
  return 'input' in command ? command.input : JSON.parse(fromUtf8(first.dataBytes))
}

function outcomeOf(committed: CommittedEvents): DecisionOutcome {
  return { status: 'accepted', events: committed.map((event) => shownOf(event, undefined)) }
}

/** An event as it is told. */
export function shownOf(event: DomainEvent, commandValidAt: ValidTime | undefined): DecidedEvent {
  const { type, schemaVersion, data, tags = [], validAt = commandValidAt ?? null } = event
  return { type, schemaVersion, data, tags, validAt }
}

/** Whether the decision is the recorded one. Data in the newest form were written by the same version of the event, byte for byte. */
function isSame(committed: CommittedEvents, { outcome, events }: Again['now']): boolean {
  if (outcome.status !== 'accepted' || events.length !== committed.length) return false
  return committed.every((recorded, index) => {
    const { data, ...head } = shownOf(recorded, undefined)
    const { data: now, ...headNow } = outcome.events[index]!
    if (canonicalText(head) !== canonicalText(headNow)) return false
    const { type, schemaVersion } = recordedOf(recorded)
    const isOlder = type !== recorded.type || schemaVersion !== recorded.schemaVersion
    return isOlder ? canonicalText(data) === canonicalText(now) : isSameBytes(recorded, events[index]!.data)
  })
}

function isSameBytes({ dataBytes }: RecordedEvent, settled: unknown): boolean {
  const bytes = settled instanceof Uint8Array ? settled : utf8(settledText(settled)!)
  return bytes.length === dataBytes.length && bytes.every((byte, at) => byte === dataBytes[at])
}
