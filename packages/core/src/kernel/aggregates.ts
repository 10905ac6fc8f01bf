// Aggregates decide. State is folded from events, commands are checked against it, and nothing else is known (the third law).
import { canonicalText } from './canonical.ts'
import { IndelibleError } from './errors.ts'
import {
  type AnyEventType,
  type DataOf,
  type DomainEvent,
  declaredVersions,
  type EventOf,
  placeOf,
} from './event-types.ts'
import { fingerprint } from './fingerprint.ts'
import { deepFreeze } from './freeze.ts'
import { isReserved } from './reserved.ts'
import { parse, type Schema } from './schemas.ts'
import { type StreamName, streamName } from './streams.ts'
import type { Instant, ValidTime } from './time.ts'

/** A "no" of the domain: an expected outcome, so a value and not an exception. */
export interface Refusal {
  readonly refused: string
  readonly details: Readonly<Record<string, unknown>>
}

/** Refuses a command: `refuse('InsufficientFunds', { balance })`. */
export function refuse(reason: string, details: Record<string, unknown> = {}): Refusal {
  return { refused: reason, details }
}

/** What a decision may know besides state and input; all of it came with the command and is recorded with the events. */
export interface CommandContext {
  readonly id: string
  readonly commandId: string
  readonly actor: string | undefined
  /** When the command was issued. */
  readonly issuedAt: Instant
  readonly validAt: ValidTime | undefined
}

/** What a decision may answer: a refusal, one event, several, or none. */
export type Decision<Event> = Refusal | Event | readonly Event[]

/** A command on its way: what to do, to which aggregate. */
export interface Command<Type extends string = string, Input = unknown> {
  readonly type: Type
  readonly category: string
  readonly id: string
  readonly input: Input
}

/** A declared command. Call it to make one: `WithdrawFunds('576', { amount: 100 })`. */
export interface CommandType<Type extends string = string, Input = unknown> {
  (id: string, input: Input): Command<Type, Input>
  readonly type: Type
  readonly input: Schema
  readonly aggregate: AnyAggregate
  /** The input as the schema makes it of what was given. Throws `invalid_command`. */
  readonly parse: (given: unknown) => unknown
  /** Of an input that was parsed. */
  readonly decide: (state: unknown, input: unknown, context: CommandContext) => Decision<DomainEvent>
}

// biome-ignore lint/suspicious/noExplicitAny: any declared command, whatever its input
export type AnyCommandType = CommandType<string, any>
// biome-ignore lint/suspicious/noExplicitAny: any declared aggregate, whatever its state and events
export type AnyAggregate = Aggregate<any, AnyEventType>

/** A kind of thing with a history: how its events make its state, and which commands it takes. */
export interface Aggregate<State, Event extends AnyEventType> {
  readonly category: string
  readonly initialState: State
  readonly events: readonly Event[]
  /**
   * Changes whenever the code that makes state from events does; old snapshots are then not read. Null where the initial state holds what cannot be
   * compared with that of other code (functions, private fields): then no snapshot is kept or read.
   */
  readonly fingerprint: string | null
  /**
   * The state after one more event, which may be one that was recorded or one that is about to be: handlers see the same of both.
   * Throws `event_version_unknown`, and `invalid_declaration` for an event that has no handler.
   */
  readonly evolve: (state: State, event: DomainEvent) => State
  readonly stream: (id: string) => StreamName
  /** Declares a command: the schema of its input, and what it decides. */
  command<const Type extends string, Input, Given = Input>(
    type: Type,
    definition: {
      input: Schema<Input, Given>
      decide: (state: State, input: Input, context: CommandContext) => Decision<EventOf<Event>>
    },
  ): CommandType<Type, Given>
}

/**
 * Declares an aggregate. `evolve` needs a handler for every event.
 *
 * The fingerprint covers the text of the handlers, the initial state and the events' schema versions. A helper function that a handler calls
 * is outside that text: raise `revision` when you change one. Throws `invalid_declaration`.
 *
 * `events` lists each version of an event that the stream may have. An event of another version is a fault (`event_version_unknown`), not a guess.
 */
export function aggregate<State, const Event extends AnyEventType>(
  category: string,
  definition: {
    initialState: State
    events: readonly Event[]
    evolve: {
      [Type in Event['type']]: (
        state: NoInfer<State>,
        data: DataOf<Extract<Event, { type: Type }>>,
        event: DomainEvent,
      ) => NoInfer<State>
    }
    revision?: number
  },
): Aggregate<State, Event> {
  const { events, revision = 1 } = definition
  // Every aggregate of the kind begins with it.
  const initialState = deepFreeze(definition.initialState)
  streamName(category, 'any')
  if (isReserved(category)) {
    throw new IndelibleError(
      'invalid_declaration',
      `The category "${category}" begins with "$". Such names belong to Indelible.`,
    )
  }
  if (category.includes('-'))
    throw new IndelibleError('invalid_declaration', `The category "${category}" has a hyphen.`)
  const handlers = definition.evolve as Record<string, (state: State, data: unknown, event: DomainEvent) => State>
  const assertVersion = declaredVersions(`Aggregate "${category}"`, events)
  const initialText = canonicalText(initialState)

  const self: Aggregate<State, Event> = {
    category,
    initialState,
    events,
    fingerprint:
      initialText === undefined
        ? null
        : fingerprint([
            category,
            revision,
            initialText,
            ...events.map(({ type, schemaVersion }) => `${type} ${schemaVersion} ${handlers[type]}`),
          ]),
    evolve: (state, event) => {
      const handler = Object.hasOwn(handlers, event.type) ? handlers[event.type] : undefined
      if (!handler) {
        throw new IndelibleError(
          'invalid_declaration',
          `Aggregate "${category}" has no evolve handler for "${event.type}"${placeOf(event)}. List the event, or mend what wrote it.`,
        )
      }
      assertVersion(event)
      return handler(state, event.data, evolvable(event))
    },
    stream: (id) => streamName(category, id),
    command: (type, { input, decide }) => {
      const make = (id: string, given: unknown) => ({ type, category, id, input: given })
      return Object.assign(make, {
        type,
        input,
        aggregate: self as unknown as AnyAggregate,
        parse: (given: unknown) => parse(input, given, `The input of ${type}`, 'invalid_command'),
        decide: (state: unknown, parsed: never, context: CommandContext) => decide(state as State, parsed, context),
        // biome-ignore lint/suspicious/noExplicitAny: the types of input and state end here; the caller's are checked by the signature above
      }) as any
    },
  }
  return self
}

/** What handlers see: neither more of a recorded event than of one that is about to be recorded, nor less. */
function evolvable({ type, schemaVersion, data, tags = noTags, validAt }: DomainEvent): DomainEvent {
  return { type, schemaVersion, data, tags, validAt }
}

const noTags: readonly string[] = Object.freeze([])
