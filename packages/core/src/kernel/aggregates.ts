// Aggregates decide. Their state is folded from their events, and they know nothing but this state and the command (the third law).
import type { AnyAggregate } from './any-aggregate.ts'
import { canonicalText } from './canonical.ts'
import {
  type AggregateKind,
  type Answered,
  type CommandContext,
  type CommandHome,
  type CommandType,
  type ConsultsOf,
  commandType,
  type Decision,
  type Emitted,
  type Nothing,
  type Visibility,
} from './commands.ts'
import type { FactsOf } from './decision-models.ts'
import { checkedDescription } from './descriptions.ts'
import type { AnyEventType, DataOf, DomainEvent, EventOf, RecordedOf } from './event-types.ts'
import { type EventHandlers, evolveBy, noHandlers, withHandler } from './evolving.ts'
import { fingerprint } from './fingerprint.ts'
import { deepFreeze } from './freeze.ts'
import { formsText } from './recorded-forms.ts'
import type { Refusable, Refusal, RefusalOf } from './refusals.ts'
import { checkedCategory } from './reserved.ts'
import type { Schema } from './schemas.ts'
import { streamName } from './streams.ts'
import { codeOf, declaredVersion } from './versions.ts'

/** The refusal if another aggregate of the kind has a unique value. */
export type Taken<Reason extends string> = Reason extends string
  ? Refusal<Reason, { readonly field: string; readonly value: string | number }>
  : never

/** What names an aggregate: its category, and the reasons of its refusals for unique values. */
export interface AggregateName<Category extends string = string, Reason extends string = never> {
  readonly category: Category
  readonly taken: Reason
}

// biome-ignore lint/suspicious/noExplicitAny: whatever its reasons are
type AnyName = AggregateName<string, any>

/** A kind of thing with a history: how its events make its state, and which commands it has. */
export interface Aggregate<State, Event extends AnyEventType, Name extends AnyName = AggregateName>
  extends AnyAggregate {
  readonly category: Name['category']
  readonly initialState: State
  readonly events: readonly Event[]
  readonly unique: Readonly<Record<string, Name['taken']>>
  readonly evolve: (state: State, event: DomainEvent) => State
  /** Declares what an event changes: `.on(FundsWithdrawn, (state, { amount }) => …)`. Pure. Returns an aggregate with one more event. */
  on<More extends AnyEventType>(
    event: More,
    evolve: (state: State, data: DataOf<More>, event: EventOf<More>) => State,
  ): Aggregate<State, Event | More, Name>
  /** Declares a command: its input, its events and refusals, and how it decides. Throws `invalid_declaration`. */
  command<
    const Type extends string,
    Input,
    Given,
    const Emits extends readonly AnyEventType[],
    const Refuses extends readonly Refusable[] = [],
    const Consults extends ConsultsOf<NoInfer<Input>> = Nothing,
    const Visible extends Visibility = 'public',
  >(
    type: Type,
    definition: {
      /** For people who read the generated documents: what it means in the domain. */
      readonly description?: string | undefined
      /** The schema of the input. */
      readonly input: Schema<Input, Given>
      /** All events that it may record. */
      readonly emits: Emitted<Emits, Event>
      /** All refusals that it may return: a reason, or a declared {@link refusal}. */
      readonly refuses?: Refuses
      /** Facts beyond its aggregate that are still true when its events are recorded: `{ seats: courseSeats.by({ course: 'courseId' }) }`. */
      readonly consults?: Consults
      /** The default is `public`. */
      readonly visibility?: Visible
      readonly decide: (
        state: State,
        input: Input,
        context: CommandContext<FactsOf<Consults>>,
      ) => Decision<EventOf<Emits[number]>, Answered<Refuses>>
    },
  ): CommandType<
    Type,
    Given,
    RefusalOf<Refuses[number]> | Taken<Name['taken']>,
    CommandHome<RecordedOf<Emits[number]>, AggregateKind<Name['category'], State, RecordedOf<Event>>, Visible>
  >
}

/** The members of a state, in all of its forms. */
type MemberOf<State> = State extends State ? keyof State & string : never

/**
 * Declares an aggregate: `aggregate('account', { initialState: { status: 'none' } as AccountState }).on(AccountOpened, …)`.
 *
 * Raise `version`, which begins with 1, when the handlers make other states from the same events: then new snapshots are made.
 * `unique` lists members of the state whose value only one aggregate of the kind may have, with the reason of the refusal: `{ email: 'EmailTaken' }`.
 * The commit that brings such a value into a state claims it, and the commit that removes it releases it; null and undefined claim nothing.
 * Throws `invalid_declaration`.
 */
export function aggregate<
  State,
  const Reason extends string = never,
  const Member extends NoInfer<MemberOf<State>> = never,
  const Category extends string = string,
>(
  category: Category,
  definition: {
    /** For people who read the generated documents: what it means in the domain. */
    readonly description?: string | undefined
    readonly initialState: State
    readonly version?: number
    readonly unique?: { readonly [Each in Member]?: Reason }
  },
): Aggregate<State, never, AggregateName<Category, Reason>> {
  checkedCategory(category)
  const version = declaredVersion(`Aggregate "${category}"`, definition.version)
  const description = checkedDescription(`Aggregate "${category}"`, definition)
  const unique = (definition.unique ?? {}) as Readonly<Record<string, Reason>>
  // All aggregates of the kind begin with this object.
  const initialState = deepFreeze(definition.initialState)
  return aggregateOf(
    { category, version, description, unique, initialState, initialText: canonicalText(initialState) },
    noHandlers(),
  )
}

interface Declared<State, Name extends AnyName> {
  readonly category: Name['category']
  readonly version: number
  readonly description: string | undefined
  readonly unique: Readonly<Record<string, Name['taken']>>
  readonly initialState: State
  readonly initialText: string | undefined
}

function aggregateOf<State, Event extends AnyEventType, Name extends AnyName>(
  declared: Declared<State, Name>,
  handlers: EventHandlers<State>,
): Aggregate<State, Event, Name> {
  const { category, version, description, unique, initialState, initialText } = declared
  const who = `Aggregate "${category}"`
  const { events } = handlers
  const self: Aggregate<State, Event, Name> = {
    category,
    version,
    description,
    initialState,
    events: events as readonly Event[],
    unique,
    fingerprint:
      initialText === undefined ? null : fingerprint([category, version, initialText, ...events.map(formsText).sort()]),
    code: codeOf(events, (type) => [handlers.byType.get(type)]),
    evolve: (state, event) => evolveBy(who, handlers, state, event),
    stream: (id) => streamName(category, id),
    on: (event, evolve) => aggregateOf(declared, withHandler(who, handlers, event, evolve as never)),
    command: (type, definition) =>
      commandType(type, { ...definition, category, aggregate: self, decide: definition.decide as never }) as never,
  }
  return self
}
