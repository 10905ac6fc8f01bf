// Declaring an event: its name, the schema of its data, and a function that makes one.
import { IndelibleError } from './errors.ts'
import type { RecordedEvent } from './events.ts'
import { schemaVersionMax } from './limits.ts'
import type { Position } from './positions.ts'
import { isReserved } from './reserved.ts'
import { isSchemaVersion, parse, type Schema } from './schemas.ts'
import { shown } from './shown.ts'
import type { ValidTime } from './time.ts'

/** An event that a decision made, not yet recorded. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type
  readonly schemaVersion: number
  readonly data: Data
  readonly tags?: readonly string[]
  readonly validAt?: ValidTime | undefined
}

/**
 * A declared kind of event. Call it with data to make one: `FundsWithdrawn({ amount: 100 })`.
 * `Input` is what the schema takes, where it fills in defaults or transforms.
 */
export interface EventType<Type extends string = string, Data = unknown, Input = Data> {
  /** Throws `invalid_event` if the data does not fit the schema. */
  (data: Input, extras?: Pick<DomainEvent, 'tags' | 'validAt'>): DomainEvent<Type, Data>
  readonly type: Type
  readonly schemaVersion: number
  readonly schema: Schema<Data, Input>
}

// biome-ignore lint/suspicious/noExplicitAny: a constraint that every event type satisfies; `unknown` would not be one, for data is also a parameter.
export type AnyEventType = EventType<string, any, any>
// biome-ignore lint/suspicious/noExplicitAny: whatever the schema takes
export type DataOf<Event> = Event extends EventType<string, infer Data, any> ? Data : never
// biome-ignore lint/suspicious/noExplicitAny: whatever the schema takes
export type EventOf<Event> = Event extends EventType<infer Type, infer Data, any> ? DomainEvent<Type, Data> : never

/**
 * Declares an event in the past tense, with any Standard Schema for its data. `schemaVersion` is 1 until the schema changes.
 * Names that begin with `$` are reserved. Throws `invalid_declaration`.
 */
export function event<const Type extends string, Data, Input>(
  type: Type,
  schema: Schema<Data, Input>,
  { schemaVersion = 1 }: { schemaVersion?: number } = {},
): EventType<Type, Data, Input> {
  if (typeof type !== 'string' || !type) throw new IndelibleError('invalid_declaration', 'An event needs a name.')
  if (!isSchemaVersion(schemaVersion)) {
    const problem = `is a whole number from 1 to ${schemaVersionMax}, not ${shown(schemaVersion)}`
    throw new IndelibleError('invalid_declaration', `The schema version of "${type}" ${problem}.`)
  }
  if (isReserved(type)) {
    throw new IndelibleError('invalid_declaration', `The event "${type}" needs a name that does not begin with "$".`)
  }
  const make = (data: Input, extras: Pick<DomainEvent, 'tags' | 'validAt'> = {}): DomainEvent<Type, Data> => ({
    type,
    schemaVersion,
    data: parse(schema, data, `The data of ${type}`, 'invalid_event'),
    ...extras,
  })
  return Object.assign(make, { type, schemaVersion, schema })
}

/** Checks of an event whether its version is among those that somebody listed. Throws `event_version_unknown`. */
export function declaredVersions(
  who: string,
  events: readonly Pick<AnyEventType, 'type' | 'schemaVersion'>[],
): (event: Pick<DomainEvent, 'type' | 'schemaVersion'>) => void {
  const declared = new Map<string, readonly number[]>()
  for (const { type, schemaVersion } of events) declared.set(type, [...(declared.get(type) ?? []), schemaVersion])
  return (event) => {
    const versions = declared.get(event.type)
    if (versions && !versions.includes(event.schemaVersion)) throw unknownVersion(who, event, versions)
  }
}

/** The fault of an event whose version somebody does not list. */
export function unknownVersion(
  who: string,
  event: Pick<DomainEvent, 'type' | 'schemaVersion'> & { readonly position?: Position },
  declared: readonly number[],
): IndelibleError {
  const { type, schemaVersion } = event
  const { stream, position } = event as Partial<RecordedEvent>
  return new IndelibleError(
    'event_version_unknown',
    `${who} does not know version ${schemaVersion} of "${type}"${placeOf(event)}; it lists version ${declared.join(', ')}. ` +
      `List that version too: event('${type}', …, { schemaVersion: ${schemaVersion} }).`,
    { details: { type, schemaVersion, declared, stream, position } },
  )
}

/** Where an event is in the log, for messages; nothing for one that is not recorded yet. */
export function placeOf(event: object): string {
  const { stream, position } = event as Partial<RecordedEvent>
  if (position === undefined) return ''
  return stream === undefined ? ` (position ${position})` : ` (${stream}, position ${position})`
}
