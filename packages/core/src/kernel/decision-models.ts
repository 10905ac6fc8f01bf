// Facts that a decision may consult besides its own aggregate. They are folded from events of any stream, which are found by their tags.
// This is the decision model of dynamic consistency boundaries (https://dcb.events/specification/).
import { checkedDescription } from './descriptions.ts'
import { IndelibleError } from './errors.ts'
import type { AnyEventType, DataOf, DomainEvent, EventOf } from './event-types.ts'
import { type EventHandlers, evolveBy, noHandlers, withHandler } from './evolving.ts'
import { deepFreeze } from './freeze.ts'
import { codeOf } from './versions.ts'

/** Facts that a command consults, as a fold over the events with certain tags. */
export interface DecisionModel<State = unknown, Tag extends string = string> {
  readonly name: string
  readonly description: string | undefined
  readonly initialState: State
  /** Events must have all of these tags. */
  readonly tags: readonly Tag[]
  readonly events: readonly AnyEventType[]
  /** A hint to the code of the handlers. */
  readonly code: string
  /** The state after one more event. */
  readonly evolve: (state: State, event: DomainEvent) => State
  /** Declares what an event changes. Pure. Returns a model with one more event. */
  on<Event extends AnyEventType>(
    event: Event,
    evolve: (state: State, data: DataOf<Event>, event: EventOf<Event>) => State,
  ): DecisionModel<State, Tag>
  /** For the `consults` of a command: the member of its input that is the value of each tag: `seats.by({ course: 'courseId' })`. */
  by<const Members extends { readonly [Each in Tag]: string }>(
    members: Members,
  ): Consultation<State, Members[keyof Members] & string>
}

/** A decision model, and the members of the input of a command that select its events. */
export interface Consultation<State = unknown, Member extends string = string> {
  readonly model: DecisionModel<State>
  /** The member of the input for each tag. */
  readonly members: Readonly<Record<string, Member>>
}

// biome-ignore lint/suspicious/noExplicitAny: whatever its facts are
export type AnyConsultation = Consultation<any, any>

/** The facts that the `decide` of a command gets, by name. */
export type FactsOf<Consults> = Facts<Consults>['facts']

/** An interface, so that messages of the compiler show the facts and not how their type is made. */
interface Facts<Consults> {
  facts: {
    // biome-ignore lint/suspicious/noExplicitAny: whatever its members are
    readonly [Name in keyof Consults]: Consults[Name] extends Consultation<infer State, any> ? State : never
  }
}

/**
 * Declares facts that commands can consult: `decisionModel('course_seats', { initialState: { taken: 0 }, tags: ['course'] }).on(StudentEnrolled, …)`.
 * Throws `invalid_declaration`.
 */
export function decisionModel<State, const Tag extends string>(
  name: string,
  definition: {
    /** For people who read the generated documents: what it means in the domain. */
    readonly description?: string | undefined
    readonly initialState: State
    readonly tags: readonly Tag[]
  },
): DecisionModel<State, Tag> {
  const { initialState, tags } = definition
  if (!/^[A-Za-z]\w*$/.test(name)) throw invalid(name, 'needs a name of letters, digits and "_"')
  if (tags.length === 0)
    throw invalid(name, 'needs at least one tag. Without a tag, all commands would have to wait for each other')
  const description = checkedDescription(`Decision model "${name}"`, definition)
  return modelOf({ name, description, initialState: deepFreeze(initialState), tags }, noHandlers())
}

type Declared<State, Tag extends string> = Pick<
  DecisionModel<State, Tag>,
  'name' | 'description' | 'initialState' | 'tags'
>

function modelOf<State, Tag extends string>(
  declared: Declared<State, Tag>,
  handlers: EventHandlers<State>,
): DecisionModel<State, Tag> {
  const { name, tags } = declared
  const who = `Decision model "${name}"`
  const self: DecisionModel<State, Tag> = {
    ...declared,
    events: handlers.events,
    code: codeOf(handlers.events, (type) => [handlers.byType.get(type)]),
    evolve: (state, event) => evolveBy(who, handlers, state, event),
    on(event, evolve) {
      const next = withHandler(who, handlers, event, evolve as never)
      const untagged = tags.find((tag) => !Object.hasOwn(event.tags, tag))
      if (untagged !== undefined)
        throw invalid(
          name,
          `finds events by the tag "${untagged}", which "${event.type}" does not have. Declare it: event('${event.type}', …, { tags: { ${untagged}: … } })`,
        )
      return modelOf(declared, next)
    },
    by: (members) => ({ model: self as DecisionModel<State>, members: members as never }),
  }
  return self
}

function invalid(name: string, problem: string): IndelibleError {
  return new IndelibleError('invalid_declaration', `Decision model "${name}" ${problem}.`)
}
