// The event types of a log with what is known of each: from its registry, from the code where there is code, and from its events.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { isReserved } from '../../kernel/reserved.ts'
import type { System } from '../../kernel/system.ts'
import type { Instant } from '../../kernel/time.ts'
import type { EventStore } from '../../store/port.ts'
import { equalJson } from '../compatibility/values.ts'
import { describeSystem } from '../describe-system.ts'
import type { EventDescription } from '../system-description.ts'
import { type RegisteredType, type RegisteredVersion, readRegistry, versionsOf } from './registrations.ts'

/**
 * `registered`: in the registry, and as the code declares it where there is code. `changed`: the code declares it otherwise. `new`: the code declares it, and the
 * registry does not have it yet. `retired`: in the registry, and the code does not declare it any more. `unknown`: the log has events of it, and nobody registered it.
 */
export const eventTypeStatuses = ['registered', 'changed', 'new', 'former', 'retired', 'unknown'] as const

export type EventTypeStatus = (typeof eventTypeStatuses)[number]

/** An event type in a list. */
export interface EventTypeListed {
  readonly type: string
  readonly status: EventTypeStatus
  /** Null where nobody registered the type. */
  readonly version: number | null
  readonly description: string | null
  /** The aggregates that it belongs to. */
  readonly owners: readonly string[]
  /** The paths of personal members. */
  readonly personal: readonly string[]
  /** The events of this type in the log. */
  readonly count: number
  readonly first: SeenEvent | null
  readonly last: SeenEvent | null
}

export interface SeenEvent {
  readonly position: Position
  readonly recordedAt: Instant
}

/** Everything that is known of an event type. */
export interface EventTypeShown extends EventTypeListed {
  /** As the code declares it, else as it was registered last. Null where nobody registered it. */
  readonly declared: EventDescription | null
  /** The parts of the description in which code and registry differ. */
  readonly differences: readonly string[]
  readonly system: string | null
  /** Ascending. */
  readonly versions: readonly VersionShown[]
}

export interface VersionShown extends Pick<RegisteredVersion, 'version' | 'schema'> {
  /** When it was registered first; null where it is not registered yet. */
  readonly registeredAt: Instant | null
}

interface Of {
  readonly store: Pick<EventStore, 'read' | 'countTypes'>
  /** The code, where there is some. */
  readonly system?: System | undefined
}

/** All event types by name. Counts come from the index; of each type the first and the last event are read. */
export async function knownEventTypes({ store, system }: Of): Promise<readonly EventTypeListed[]> {
  const { types } = await readRegistry(store)
  const declared = declaredIn(system)
  const counts = await store.countTypes()
  const inLog = [...counts.keys()].filter((type) => !isReserved(type))
  const names = [...new Set([...types.keys(), ...(declared?.keys() ?? []), ...inLog])].sort()
  const listed: EventTypeListed[] = []
  for (const type of names)
    listed.push(await listedType(store, { type, count: counts.get(type) ?? 0, known: types.get(type), declared }))
  return listed
}

/** One event type. Throws `unknown_event_type` where no code declares it, nobody registered it, and the log has no event of it. */
export async function knownEventType({ store, system }: Of, type: string): Promise<EventTypeShown> {
  const known = (await readRegistry(store)).types.get(type)
  const declared = declaredIn(system)
  const event = declared?.get(type) ?? known?.event ?? null
  const count = isReserved(type) ? 0 : ((await store.countTypes()).get(type) ?? 0)
  if (!event && count === 0) throw unknownType(type)
  const listed = await listedType(store, { type, count, known, declared })
  const firsts = new Map(known?.versions.map(({ version, registeredAt }) => [version, registeredAt]))
  const versions = new Map(
    [...(known?.versions ?? []), ...(event ? versionsOf(event) : [])].map((each) => [each.version, each.schema]),
  )
  return {
    ...listed,
    declared: event,
    differences: differencesOf(known, declared?.get(type)),
    system: known?.system ?? system?.name ?? null,
    versions: [...versions]
      .sort(([a], [b]) => a - b)
      .map(([version, schema]) => ({ version, schema, registeredAt: firsts.get(version) ?? null })),
  }
}

/** The aggregates whose state the event changes. */
export function ownersOf({ handledBy }: Pick<EventDescription, 'handledBy'>): readonly string[] {
  return handledBy.filter(({ kind }) => kind === 'aggregate').map(({ name }) => name)
}

interface Known {
  readonly type: string
  readonly count: number
  readonly known: RegisteredType | undefined
  readonly declared: ReadonlyMap<string, EventDescription> | undefined
}

async function listedType(store: Of['store'], { type, count, known, declared }: Known): Promise<EventTypeListed> {
  const event = declared?.get(type) ?? known?.event
  return {
    type,
    status: statusOf(known, declared, type),
    version: event?.version ?? null,
    description: event?.description ?? null,
    owners: event ? ownersOf(event) : [],
    personal: event?.personal ?? [],
    count,
    first: count > 0 ? await seen(store, type, 'forwards') : null,
    last: count > 0 ? await seen(store, type, 'backwards') : null,
  }
}

function statusOf(known: RegisteredType | undefined, declared: Known['declared'], type: string): EventTypeStatus {
  const event = declared?.get(type)
  if (!event && declared && isFormer(declared, type)) return 'former'
  if (!known) return event ? 'new' : 'unknown'
  if (!declared) return 'registered'
  if (!event) return 'retired'
  return differencesOf(known, event).length > 0 ? 'changed' : 'registered'
}

function isFormer(declared: ReadonlyMap<string, EventDescription>, type: string): boolean {
  return [...declared.values()].some((event) => event.formerTypes.some((former) => former.type === type))
}

function differencesOf(known: RegisteredType | undefined, event: EventDescription | undefined): readonly string[] {
  if (!known || !event) return []
  const [before, now] = [known.event, event] as unknown as readonly Record<string, unknown>[]
  const parts = [...new Set([...Object.keys(before!), ...Object.keys(now!)])]
  return parts.filter((part) => !equalJson(before![part], now![part]))
}

function declaredIn(system: System | undefined): ReadonlyMap<string, EventDescription> | undefined {
  if (!system) return undefined
  // As it would be read from the log.
  const events: readonly EventDescription[] = JSON.parse(JSON.stringify(describeSystem(system).events))
  return new Map(events.map((event) => [event.type, event]))
}

async function seen(store: Of['store'], type: string, direction: 'forwards' | 'backwards'): Promise<SeenEvent | null> {
  for await (const { events } of store.read([{ types: [type] }], { direction, limit: 1 }))
    for (const { position, recordedAt } of events) return { position, recordedAt }
  return null
}

function unknownType(type: string): IndelibleError {
  return new IndelibleError(
    'unknown_event_type',
    `No code declares the event type "${type}", nobody registered it, and the log has no event of it.`,
    { details: { type } },
  )
}
