// Declared commands: their input, their events and refusals, and how they decide.
import type { AnyAggregate } from './any-aggregate.ts'
import type { AnyConsultation, Consultation, FactsOf } from './decision-models.ts'
import { checkedDescription } from './descriptions.ts'
import { IndelibleError } from './errors.ts'
import type { AnyEventType, DomainEvent, EventOf, RecordedOf } from './event-types.ts'
import { fingerprint } from './fingerprint.ts'
import { type AnyRefusalType, checkedReason, type Refusable, type Refusal, type RefusalOf } from './refusals.ts'
import { checkedCategory } from './reserved.ts'
import { isSchema, parse, type Schema } from './schemas.ts'
import { type StreamName, streamName } from './streams.ts'
import type { Instant, ValidTime } from './time.ts'

/** What a decision may use besides state and input. All of it came with the command, and is recorded with the events. */
export interface CommandContext<Facts = unknown> {
  readonly id: string
  readonly commandId: string
  readonly actor: string | undefined
  /** When the command was issued. */
  readonly issuedAt: Instant
  readonly validAt: ValidTime | undefined
  /** The facts that the command consults, by name. */
  readonly facts: Facts
}

/** What `decide` may return: a refusal, one event, several events, or none. */
export type Decision<Event, No = Refusal> = No | Event | readonly Event[]

/** A command to send: what to do, with which aggregate. `No` are its possible refusals. */
export interface Command<Type extends string = string, Input = unknown, No = Refusal> {
  readonly type: Type
  readonly category: string
  readonly id: string
  readonly input: Input
  /** The other system that it is for. */
  readonly remote?: string | undefined
  /** The HTTP service that it is for. */
  readonly service?: string | undefined
  /** Never set; carries the type. */
  readonly '~refusals'?: No
}

/** What the compiler knows of a command besides: the events that it records, the kind of thing that it is for, and who may send it. Never a value. */
export interface CommandHome<Event = unknown, Kind = unknown, Visibility = unknown> {
  readonly event: Event
  readonly kind: Kind
  readonly visibility: Visibility
}

/** What the compiler knows of a kind of thing: the category of its streams, its state, and the events in them as they are read. Never a value. */
export interface AggregateKind<Category = string, State = unknown, Event = unknown> {
  readonly category: Category
  readonly state: State
  readonly event: Event
}

/** A declared command. Call it to make one: `WithdrawFunds('576', { amount: 100 })`. */
export interface CommandType<Type extends string = string, Input = unknown, No = Refusal, Home = unknown> {
  (id: string, input: Input): Command<Type, Input, No>
  readonly type: Type
  /** The category of the stream of its events: that of its aggregate, or its own. */
  readonly category: string
  readonly description: string | undefined
  readonly input: Schema
  /** Nothing if the command decides on consulted facts only. */
  readonly aggregate: AnyAggregate | undefined
  /** All events that it may record. */
  readonly emits: readonly AnyEventType[]
  /** All refusals that it may return; `details` is null if there are none. */
  readonly refuses: readonly DeclaredRefusal[]
  /** `internal`: only sagas and code may send it. HTTP and other interfaces do not have it. */
  readonly visibility: Visibility
  /** The other system that carries it out, see {@link remoteSystem}. */
  readonly remote?: string
  /** Never set; carries the types of {@link CommandHome}. */
  readonly '~home'?: Home
  /** The facts that it consults, by the names under which `decide` gets them. */
  readonly consults: Readonly<Record<string, Consultation>>
  /** A hint to the code that decides: `decide`, the aggregate, the facts. It is recorded with the events. */
  readonly code: string
  readonly stream: (id: string) => StreamName
  /** The output of the schema for this input. Throws `invalid_command`. */
  readonly parse: (given: unknown) => unknown
  /** Gets the input after `parse`. */
  readonly decide: (state: unknown, input: unknown, context: CommandContext) => Decision<DomainEvent>
}

// biome-ignore lint/suspicious/noExplicitAny: any declared command, whatever its input
export type AnyCommandType = CommandType<string, any, any, any>

/** Who may send a command: everybody, or sagas and code only. */
export type Visibility = 'public' | 'internal'

/** A refusal as data. */
export interface DeclaredRefusal {
  readonly reason: string
  readonly details: Schema | null
}

/** The refusals that `decide` may return. If none are declared, the type has a text for the error of the compiler. */
export type Answered<Refuses extends readonly Refusable[]> = Refuses extends readonly []
  ? Refusal<'The command declares no refusals: add refuses', never>
  : RefusalOf<Refuses[number]>

/** The events of a command. One without a handler in the aggregate is replaced by a text for the error of the compiler. */
export type Emitted<Emits extends readonly AnyEventType[], Known extends AnyEventType> = {
  readonly [Index in keyof Emits]: Emits[Index] extends Known
    ? Emits[Index]
    : `The aggregate has no handler for ${Emits[Index]['type']}: add .on(${Emits[Index]['type']}, ...)`
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the facts are
export type ConsultsOf<Input> = Readonly<Record<string, Consultation<any, keyof Input & string>>>

// biome-ignore lint/complexity/noBannedTypes: it consults nothing
export type Nothing = {}

/**
 * Declares a command that decides on consulted facts only, over any number of streams (https://dcb.events), for example to enroll a student in a course.
 * Its events go to the stream `<category>-<id>`. Throws `invalid_declaration`.
 */
export function command<
  const Type extends string,
  Input,
  Given,
  const Emits extends readonly AnyEventType[],
  const Consults extends ConsultsOf<NoInfer<Input>>,
  const Category extends string,
  const Refuses extends readonly Refusable[] = [],
  const Visible extends Visibility = 'public',
>(
  type: Type,
  definition: {
    /** For people who read the generated documents: what it means in the domain. */
    readonly description?: string | undefined
    readonly category: Category
    /** The schema of the input. */
    readonly input: Schema<Input, Given>
    /** All events that it may record. */
    readonly emits: Emits
    /** All refusals that it may return: a reason, or a declared {@link refusal}. */
    readonly refuses?: Refuses
    /** The facts that it decides on, which are still true when its events are recorded: `{ seats: courseSeats.by({ course: 'courseId' }) }`. */
    readonly consults: Consults
    /** The default is `public`. */
    readonly visibility?: Visible
    readonly decide: (
      facts: FactsOf<Consults>,
      input: Input,
      context: CommandContext<FactsOf<Consults>>,
    ) => Decision<EventOf<Emits[number]>, Answered<Refuses>>
  },
): CommandType<
  Type,
  Given,
  RefusalOf<Refuses[number]>,
  CommandHome<RecordedOf<Emits[number]>, AggregateKind<Category, undefined, RecordedOf<Emits[number]>>, Visible>
> {
  const { category, decide } = definition
  checkedCategory(category)
  return commandType(type, {
    ...definition,
    aggregate: undefined,
    source: decide,
    decide: (_state, input, context) => decide(context.facts as never, input as never, context as never) as never,
  }) as never
}

/** Throws `invalid_declaration`. */
export function commandType(
  type: string,
  definition: {
    /** For people who read the generated documents: what it means in the domain. */
    readonly description?: string | undefined
    readonly category: string
    readonly aggregate: AnyAggregate | undefined
    // biome-ignore lint/suspicious/noExplicitAny: of any input
    readonly input: Schema<any, any>
    readonly emits: readonly unknown[]
    readonly refuses?: readonly Refusable[]
    readonly consults?: Readonly<Record<string, AnyConsultation>>
    readonly visibility?: Visibility
    readonly decide: CommandType['decide']
    /** The function as it was declared, if `decide` calls it. */
    readonly source?: unknown
  },
): AnyCommandType {
  const { category, aggregate, input, emits, refuses = [], consults = {}, visibility = 'public', decide } = definition
  const invalid = (problem: string) =>
    new IndelibleError('invalid_declaration', `The command "${category}/${type}" ${problem}.`)
  if (typeof type !== 'string' || !type) throw new IndelibleError('invalid_declaration', 'A command needs a name.')
  if (!Array.isArray(emits))
    throw invalid('does not say which events it emits. Write emits: [FundsWithdrawn], or [] for none')
  if (!isSchema(input)) throw invalid('needs a schema for its input, such as z.object({ … })')
  if (!Array.isArray(refuses)) throw invalid("lists its refusals: refuses: ['Closed']")
  for (const [name, consulted] of Object.entries(consults)) {
    if (typeof consulted?.model?.evolve !== 'function')
      throw invalid(
        `consults "${name}", which is not a decision model. Write ${name}: seats.by({ course: 'courseId' })`,
      )
  }
  if (typeof decide !== 'function') throw invalid('has no function "decide"')
  if (visibility !== 'public' && visibility !== 'internal')
    throw invalid('has an unknown visibility. Write "public" or "internal"')
  const refusals = refuses.map(declaredRefusal)
  const make = (id: string, given: unknown): Command => ({ type, category, id, input: given })
  return Object.assign(make, {
    type,
    category,
    description: checkedDescription(`The command "${category}/${type}"`, definition),
    input,
    aggregate,
    emits: emits as readonly AnyEventType[],
    refuses: refusals,
    visibility,
    consults,
    stream: (id: string) => streamName(category, id),
    parse: (given: unknown) => parse(input, given, `The input of ${type}`, 'invalid_command'),
    decide,
    code: fingerprint([
      definition.source ?? decide,
      aggregate?.code ?? '',
      ...Object.values(consults).map(({ model }) => model.code),
    ]),
  })
}

function declaredRefusal(listed: Refusable): DeclaredRefusal {
  if (typeof listed === 'string') return { reason: checkedReason(listed), details: null }
  return { reason: checkedReason((listed as AnyRefusalType)?.reason), details: listed.details }
}
