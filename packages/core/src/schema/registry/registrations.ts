// The registry of event types in the log: each type as the code that ran on this log declared it, oldest registration first. An old log explains itself by it.
import type { RecordedEvent } from '../../kernel/events.ts'
import type { Position, Version } from '../../kernel/positions.ts'
import { streamName } from '../../kernel/streams.ts'
import type { Instant } from '../../kernel/time.ts'
import type { EventStore } from '../../store/port.ts'
import { equalJson } from '../compatibility/values.ts'
import type { JsonSchema } from '../json-schema.ts'
import type { EventDescription } from '../system-description.ts'

/** The stream of all registrations. */
export const registryStream = streamName('$registry', 'events')
export const eventTypeRegistered = '$EventTypeRegistered'

/** The data of a registration. */
export interface Registration {
  /** The name of the system that declares the type. */
  readonly system: string
  readonly event: EventDescription
}

/** A type as it was registered last, and all its versions. */
export interface RegisteredType extends Registration {
  readonly position: Position
  readonly registeredAt: Instant
  readonly registrations: number
  /** Ascending. A version that later code no longer declares stays: the log may have events of it. */
  readonly versions: readonly RegisteredVersion[]
}

export interface RegisteredVersion {
  readonly version: number
  /** As it was registered last. */
  readonly schema: JsonSchema
  /** All that were registered for it, each once, the last one at the end. The log may have events of each: code that was rolled back registers its own again. */
  readonly schemas: readonly JsonSchema[]
  /** When this version was registered first. */
  readonly registeredAt: Instant
  readonly position: Position
}

export interface Registry {
  readonly types: ReadonlyMap<string, RegisteredType>
  /** The types that registered ones were formerly, with all schemas that these were said to have. */
  readonly formerTypes: ReadonlyMap<string, RegistrationVersions>
  /** Of the stream of registrations. */
  readonly version: Version
}

/** Reads all registrations: some for each type. */
export async function readRegistry(store: Pick<EventStore, 'read'>): Promise<Registry> {
  const types = new Map<string, RegisteredType>()
  const formerTypes = new Map<string, RegistrationVersions>()
  let version: Version = 0
  for await (const { events } of store.read([{ streams: [registryStream] }])) {
    for (const event of events) {
      version = event.version
      const registration = event.data as Registration
      const { type } = registration.event
      types.set(type, registered(registration, event, types.get(type)))
      for (const former of registration.event.formerTypes)
        formerTypes.set(former.type, eachOnce([...(formerTypes.get(former.type) ?? []), ...former.versions]))
    }
  }
  return { types, formerTypes, version }
}

/** Every version that a type has or had, ascending. */
export function versionsOf({
  version,
  schema,
  olderVersions,
}: Pick<EventDescription, 'version' | 'schema' | 'olderVersions'>): RegistrationVersions {
  return [...olderVersions, { version, schema }]
}

export type RegistrationVersions = readonly { readonly version: number; readonly schema: JsonSchema }[]

/** Without those that say the same. */
export function eachOnce(versions: RegistrationVersions): RegistrationVersions {
  return versions.filter((each, index) => versions.findIndex((other) => equalJson(each, other)) === index)
}

function registered(
  { system, event }: Registration,
  { position, recordedAt: registeredAt }: RecordedEvent,
  before: RegisteredType | undefined,
): RegisteredType {
  const versions = new Map(before?.versions.map((each) => [each.version, each]))
  for (const { version, schema } of versionsOf(event)) {
    const { schemas: earlier, ...first } = versions.get(version) ?? { schemas: [], registeredAt, position }
    const schemas = [...earlier.filter((each) => !equalJson(each, schema)), schema]
    versions.set(version, { ...first, version, schema, schemas })
  }
  return {
    system,
    event,
    position,
    registeredAt,
    registrations: (before?.registrations ?? 0) + 1,
    versions: [...versions.values()].sort((a, b) => a.version - b.version),
  }
}
