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

/** An older version of an event: its schema, and the function that converts its data to the newest version. */
export interface Upcast<Old = unknown, Data = unknown> {
  // biome-ignore lint/suspicious/noExplicitAny: what the old schema took no longer matters
  readonly schema: Schema<Old, any>
  /** Pure. Gets the data as they were recorded. */
  readonly up: (old: Old) => Data
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
  /** The older versions, ascending. */
  readonly upcasts: Readonly<Record<number, AnyUpcast>>
  /** The member of the data that is the value of each tag: `{ course: 'courseId' }` tags an event with `course:<courseId>`. */
  readonly tags: Readonly<Record<string, string>>
  readonly description: string | undefined
  /** The paths of the members of the data that are personal: `'email'`, `'address.street'`. */
  readonly personal: readonly string[]
}

// biome-ignore lint/suspicious/noExplicitAny: a constraint that every event type satisfies; `unknown` would not be one, for data is also a parameter.
export type AnyEventType = EventType<string, any, any>
// biome-ignore lint/suspicious/noExplicitAny: whatever the old data were
export type AnyUpcast = Upcast<any, any>
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
  /** The version of the schema; the default is 1. Raise it when the schema changes, and add an upcast for the version before. */
  readonly version?: number
  /** For each older version, how its data are converted to the newest version: `{ 1: upcast(schemaV1, (old) => ({ ...old, currency: 'EUR' })) }`. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the old data were
  readonly upcasts?: { readonly [version: number]: Upcast<any, NoInfer<Data>> }
  /** Tags for queries: the name of each tag, and the member of the data that is its value. */
  readonly tags?: { readonly [tag: string]: TagMember<Data> }
  /**
   * Members of the data that say something about a person: `['email', 'address.street']`. Documents show no samples of them, and the registry marks them.
   */
  readonly personal?: readonly MemberPath<NoInfer<Data>>[]
}

/**
 * Declares an event in the past tense, with any Standard Schema for its data: `event('FundsWithdrawn', z.object({ amount: money }))`.
 * Data are JSON: a schema whose output has a Date or a bigint does not compile. Names that begin with `$` are reserved. Throws `invalid_declaration`.
 */
export function event<const Type extends string, Data, Input>(
  type: Type,
  fitting: JsonSchema<Data, Input>,
  options: EventOptions<Data> = {},
): EventType<Type, Data, Input> {
  const { version = 1, upcasts, tags = {}, personal = [] } = options
  if (typeof type !== 'string' || !type) throw new IndelibleError('invalid_declaration', 'An event needs a name.')
  if (isReserved(type)) throw invalid(type, 'needs a name that does not begin with "$"')
  if (!isSchemaVersion(version)) {
    throw invalid(type, `has the version ${shown(version)}: a version is a whole number from 1 to ${schemaVersionMax}`)
  }
  // A schema that does not fit does not compile.
  const schema = fitting as Schema<Data, Input>
  if (!isSchema(schema)) throw invalid(type, 'needs a schema for its data, such as z.object({ … })')
  const older = checkedUpcasts(type, version, upcasts ?? {})
  for (const tag of Object.keys(tags)) {
    if (!/^[A-Za-z][\w.]*$/.test(tag))
      throw invalid(type, `has the tag ${shown(tag)}. The name of a tag has letters, digits, "_" and "."`)
  }
  const members = Object.entries(tags) as [string, string][]
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
  return Object.assign(make, {
    type,
    version,
    schema,
    upcasts: older,
    tags,
    description: checkedDescription(`The event "${type}"`, options),
    personal: checkedPaths(`The event "${type}"`, personal),
  })
}

/** An older version of an event: the schema of its data, and a pure function that converts them to the newest version. */
// biome-ignore lint/suspicious/noExplicitAny: what the old schema took no longer matters
export function upcast<Old, Data>(schema: Schema<Old, any>, up: (old: Old) => NoInfer<Data>): Upcast<Old, Data> {
  return { schema, up }
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

function checkedUpcasts(type: string, version: number, upcasts: object): Readonly<Record<number, AnyUpcast>> {
  const versions = Object.keys(upcasts).map(Number)
  for (const [index, old] of versions.entries()) {
    if (!isSchemaVersion(old) || old >= version)
      throw invalid(type, `has an upcast from version ${old}, which is not below its version ${version}`)
    const next = versions[index + 1] ?? version
    if (next !== old + 1)
      throw invalid(
        type,
        `has no upcast from version ${old + 1}. Each version between the oldest known and the newest needs one`,
      )
    const upcast = (upcasts as Record<number, unknown>)[old] as Partial<AnyUpcast> | undefined
    if (typeof upcast?.up !== 'function' || !upcast.schema)
      throw invalid(type, `needs a schema and a function "up" for version ${old}`)
  }
  return upcasts as Readonly<Record<number, AnyUpcast>>
}

function invalid(type: string, problem: string): IndelibleError {
  return new IndelibleError('invalid_declaration', `The event "${type}" ${problem}.`)
}
