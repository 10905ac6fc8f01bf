// Declared events: name, schema of the data, older versions, tags, and a function that makes an event.
import { checkedDescription, checkedPaths, type Described, type MemberPath } from './descriptions.ts'
import { IndelibleError } from './errors.ts'
import type { RecordedEvent } from './events.ts'
import { changedByJson, type JsonSchema } from './json-data.ts'
import { schemaVersionMax } from './limits.ts'
import { isReserved } from './reserved.ts'
import { isSchema, isSchemaVersion, parse, type Schema } from './schemas.ts'
import { shown } from './shown.ts'
import type { ValidTime } from './time.ts'

/** An event of a decision, before it is recorded. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type
  readonly schemaVersion: number
  readonly data: Data
  readonly tags?: readonly string[]
  readonly validAt?: ValidTime | undefined
}

/** A version before the newest: the schema of its data, and the pure function that makes the data of the next version from them. */
export interface OlderVersion {
  readonly version: number
  readonly schema: AnySchema
  readonly up: AnyUpcast
}

/** A type that is no longer recorded, and the pure function that makes the data of a version of another type from its data. */
export interface FormerType {
  readonly event: AnyEventType
  /** The version that `up` makes. */
  readonly version: number
  readonly up: AnyUpcast
}

/**
 * A declared kind of event. Call it with data to make one: `FundsWithdrawn({ amount: 100 })`.
 * `Input` is the input type of the schema; it differs if the schema fills in defaults or transforms.
 */
export interface EventType<Type extends string = string, Data = unknown, Input = Data> {
  /** Throws `invalid_event` if the data does not fit the schema. */
  (data: Input, extras?: Pick<DomainEvent, 'tags' | 'validAt'>): DomainEvent<Type, Data>
  readonly type: Type
  /** The version of the schema. New events are recorded in this version, and readers see older events in this version too. */
  readonly version: number
  readonly schema: Schema<Data, Input>
  /** The versions before, ascending and without a gap. */
  readonly older: readonly OlderVersion[]
  /** The types whose events are seen as this one. */
  readonly former: readonly FormerType[]
  /** Of a type that is no longer recorded: the types as which each of its events is seen, in this order. Empty where it is seen as one. */
  readonly parts: readonly string[]
  /** The member of the data that is the value of each tag: `{ course: 'courseId' }` tags an event with `course:<courseId>`. */
  readonly tags: Readonly<Record<string, string>>
  readonly description: string | undefined
  /** The paths of the members of the data that are personal, in any version: `'email'`, `'address.street'`. */
  readonly personal: readonly string[]
  /**
   * Declares the next version by its schema, and how the data of the version before become its data: `.next(placed).upcast((old) => ({ ...old, currency: 'EUR' }))`.
   * The function is pure, and never changes again. Tags are named again, with the new members; what is personal is added to. Returns the type with one more version. Throws
   * `invalid_declaration`.
   */
  next<Newer, NewerInput>(
    schema: JsonSchema<Newer, NewerInput>,
    options?: Pick<EventOptions<Newer>, 'tags' | 'personal'>,
  ): { upcast(up: (old: Data) => Newer): EventType<Type, Newer, NewerInput> }
  /**
   * Declares a type whose events are seen as this one: a former name, one of several types that became one, or one that had this event as a part. The
   * function is pure and makes the data of the version declared so far: `.formerly(OrderCreated, ({ buyer }) => ({ customer: buyer }))`. Returns the type
   * with one more former type. Throws `invalid_declaration`.
   */
  formerly<Former extends AnyEventType>(event: Former, up: (old: DataOf<Former>) => Data): EventType<Type, Data, Input>
}

// biome-ignore lint/suspicious/noExplicitAny: a constraint that every event type satisfies; `unknown` would not be one, for data is also a parameter.
export type AnyEventType = EventType<string, any, any>
// biome-ignore lint/suspicious/noExplicitAny: whatever the old data were
export type AnyUpcast = (old: any) => unknown
// biome-ignore lint/suspicious/noExplicitAny: whatever the schema takes
export type AnySchema = Schema<any, any>
// biome-ignore lint/suspicious/noExplicitAny: whatever the schema takes
export type DataOf<Event> = Event extends EventType<string, infer Data, any> ? Data : never
// biome-ignore lint/suspicious/noExplicitAny: whatever the schema takes
export type EventOf<Event> = Event extends EventType<infer Type, infer Data, any> ? DomainEvent<Type, Data> : never
// biome-ignore lint/suspicious/noExplicitAny: whatever the schema takes
export type RecordedOf<Event> = Event extends EventType<infer Type, infer Data, any> ? RecordedEvent<Type, Data> : never

/** The members that can be the value of a tag. */
type TagMember<Data> = {
  [Key in keyof Data & string]: Data[Key] extends string | number | null | undefined ? Key : never
}[keyof Data & string]

export interface EventOptions<Data> extends Described {
  /** The version of the schema; the default is 1. Give it where no log has the first versions any more. */
  readonly version?: number
  /** Tags for queries: the name of each tag, and the member of the data that is its value. */
  readonly tags?: { readonly [tag: string]: TagMember<Data> }
  /**
   * Members of the data that say something about a person: `['email', 'address.street']`. Documents show no samples of them, and the registry marks them.
   */
  readonly personal?: readonly MemberPath<NoInfer<Data>>[]
  /** For a type that is no longer recorded, and each of whose events is seen as several: the names of those types, in their order. */
  readonly parts?: readonly string[]
}

/**
 * Declares an event in the past tense, with any Standard Schema for its data: `event('FundsWithdrawn', z.object({ amount: money }))`.
 * Data are JSON: a schema whose output has a Date or a bigint does not compile. Names that begin with `$` are reserved. Throws `invalid_declaration`.
 */
export function event<const Type extends string, Data, Input>(
  type: Type,
  schema: JsonSchema<Data, Input>,
  options: EventOptions<Data> = {},
): EventType<Type, Data, Input> {
  const { version = 1, tags = {}, personal = [], parts = [] } = options
  if (typeof type !== 'string' || !type) throw new IndelibleError('invalid_declaration', 'An event needs a name.')
  if (isReserved(type)) throw invalid(type, 'needs a name that does not begin with "$"')
  if (!isSchemaVersion(version)) {
    throw invalid(type, `has the version ${shown(version)}: a version is a whole number from 1 to ${schemaVersionMax}`)
  }
  if (parts.length === 1 || parts.includes(type) || new Set(parts).size < parts.length)
    throw invalid(type, 'needs at least two different names under "parts", and none of them its own')
  const who = `The event "${type}"`
  return eventOf({
    type,
    version,
    schema: schema as Schema<Data, Input>,
    older: [],
    former: [],
    parts,
    tags,
    description: checkedDescription(who, options),
    personal: checkedPaths(who, personal),
  })
}

interface Declared<Type extends string, Data, Input>
  extends Pick<
    EventType<Type, Data, Input>,
    'type' | 'version' | 'schema' | 'older' | 'former' | 'parts' | 'tags' | 'description' | 'personal'
  > {}

function eventOf<Type extends string, Data, Input>(
  declared: Declared<Type, Data, Input>,
): EventType<Type, Data, Input> {
  const { type, version, schema, older, former, tags, personal } = declared
  // A schema that does not fit does not compile.
  if (!isSchema(schema)) throw invalid(type, 'needs a schema for its data, such as z.object({ … })')
  for (const tag of Object.keys(tags)) {
    if (!/^[A-Za-z][\w.]*$/.test(tag))
      throw invalid(type, `has the tag ${shown(tag)}. The name of a tag has letters, digits, "_" and "."`)
  }
  const members = Object.entries(tags)
  const make = (given: Input, extras: Pick<DomainEvent, 'tags' | 'validAt'> = {}): DomainEvent<Type, Data> => {
    const data = parse(schema, given, `The data of ${type}`, 'invalid_event')
    const problem = data instanceof Uint8Array ? undefined : changedByJson(data)
    if (problem !== undefined) {
      const message = `The data of ${type} are not JSON: ${problem}. Use text or finite numbers, such as an ISO date.`
      throw new IndelibleError('invalid_event', message)
    }
    const made = { type, schemaVersion: version, data, ...extras }
    return members.length === 0 ? made : { ...made, tags: [...tagsOf(members, data), ...(extras.tags ?? [])] }
  }
  const chain: Pick<EventType<Type, Data, Input>, 'next' | 'formerly'> = {
    next(newer, { tags: named, personal: more = [] } = {}) {
      const what = `version ${version + 1}`
      if (!isSchemaVersion(version + 1)) throw invalid(type, `cannot have ${what}`)
      if (members.length > 0 && !named)
        throw invalid(type, `has tags up to version ${version}. Name the tags of ${what} too: { tags: { … } }`)
      return {
        upcast(up) {
          if (typeof up !== 'function') throw invalid(type, `needs a function that makes the data of ${what}`)
          const before = [...older, { version, schema, up }]
          return eventOf({
            ...declared,
            version: version + 1,
            schema: newer as never,
            older: before,
            tags: named ?? {},
            personal: [...new Set([...personal, ...checkedPaths(`The event "${type}"`, more)])],
          })
        },
      }
    },
    formerly(event, up) {
      checkFormer(declared, event, up)
      return eventOf({ ...declared, former: [...former, { event, version, up }] })
    },
  }
  return Object.assign(make, declared, chain)
}

/** The same type under another name, with all that it was before: as another system has it. */
export function renamedBy(rename: (type: string) => string, declared: AnyEventType): AnyEventType {
  const { type, version, schema, older, former, parts, tags, description, personal } = declared
  return eventOf({
    ...{ version, schema, older, tags, description, personal },
    type: rename(type),
    former: former.map((each) => ({ ...each, event: renamedBy(rename, each.event) })),
    parts: parts.map(rename),
  })
}

/** The text of a tag in events and queries. */
export function tagText(name: string, value: string | number): string {
  return `${name}:${value}`
}

/** The tags that a type declares for data of its version. */
export function declaredTags({ tags }: Pick<AnyEventType, 'tags'>, data: unknown): readonly string[] {
  return tagsOf(Object.entries(tags), data)
}

function tagsOf(members: readonly (readonly [tag: string, member: string])[], data: unknown): readonly string[] {
  return members.flatMap(([tag, member]) => {
    const value = (data as Record<string, string | number | null | undefined> | null)?.[member]
    return value === undefined || value === null ? [] : [tagText(tag, value)]
  })
}

function checkFormer({ type, former }: Pick<AnyEventType, 'type' | 'former'>, event: AnyEventType, up: unknown): void {
  if (typeof event?.type !== 'string' || !Array.isArray(event.former))
    throw invalid(type, `was formerly ${shown(event)}, which is not a declared event`)
  if (typeof up !== 'function')
    throw invalid(type, `needs a function that makes its data from those of "${event.type}"`)
  if (event.parts.length > 0 && !event.parts.includes(type))
    throw invalid(type, `is not one of the parts of "${event.type}": ${event.parts.join(', ')}`)
  const known = new Set([type, ...formerNames(former)])
  const twice = [event.type, ...formerNames(event.former)].find((name) => known.has(name))
  if (twice !== undefined) throw invalid(type, `was formerly "${twice}" already`)
}

/** The names of former types, and of those that these had. */
export function formerNames(former: readonly FormerType[]): readonly string[] {
  return former.flatMap(({ event }) => [event.type, ...formerNames(event.former)])
}

function invalid(type: string, problem: string): IndelibleError {
  return new IndelibleError('invalid_declaration', `The event "${type}" ${problem}.`)
}
