// What code promises about its events, as far as a log depends on it: names, versions, schemas, tags, and what is personal. Also as a file, to be committed.
import { IndelibleError } from '../../kernel/errors.ts'
import { isReserved } from '../../kernel/reserved.ts'
import { asList } from '../compatibility/forms.ts'
import { equalJson, isObject } from '../compatibility/values.ts'
import type { JsonSchema } from '../json-schema.ts'
import { eachOnce, type RegistrationVersions, type Registry, versionsOf } from '../registry/registrations.ts'
import type { EventDescription, SystemDescription } from '../system-description.ts'

/** An event type as it is known from before: from the registry of a log, or from a file. */
export interface KnownContract {
  readonly type: string
  /** The version that was recorded last. */
  readonly version: number
  /** All that the log may have, ascending. A version whose schema changed is there with each of its schemas, the newest last. */
  readonly versions: RegistrationVersions
  readonly tags: EventDescription['tags']
  readonly personal: EventDescription['personal']
  /** The events of this type; undefined where there is no log to ask. */
  readonly count?: number
}

/** An event type without who emits and who handles it: that may change at any time. */
export type EventContract = Omit<EventDescription, 'emittedBy' | 'handledBy'>

/** The committed file. */
export interface ContractFile {
  readonly indelible: 'event schemas'
  readonly format: 1
  readonly system: string
  readonly events: readonly EventContract[]
}

/** Every form of an event that code can read. */
export interface ReadableForm {
  readonly type: string
  readonly version: number
  readonly schema: JsonSchema
}

export function readableForms(events: readonly EventContract[]): readonly ReadableForm[] {
  return events.flatMap((event) => {
    const own = versionsOf(event).map((each) => ({ type: event.type, ...each }))
    return [...own, ...event.formerTypes.flatMap(({ type, versions }) => versions.map((each) => ({ type, ...each })))]
  })
}

/** The text of the file: types by name, members by name, so that a change shows where it is. */
export function contractFileOf({ name, events }: Pick<SystemDescription, 'name' | 'events'>): string {
  const contracts = events.map(({ emittedBy: _emittedBy, handledBy: _handledBy, ...contract }) => contract)
  const sorted = [...contracts].sort((a, b) => (a.type < b.type ? -1 : 1))
  const file: ContractFile = { indelible: 'event schemas', format: 1, system: name, events: sorted.map(inOrder) }
  return `${JSON.stringify(file, null, 2)}\n`
}

/** Whether a file says what the code declares, however a formatter has laid it out. */
export function isCurrentFile(text: string, described: Pick<SystemDescription, 'name' | 'events'>): boolean {
  return equalJson(JSON.parse(text), JSON.parse(contractFileOf(described)))
}

/** Throws `schema_file_invalid`. */
export function contractsInFile(text: string): readonly KnownContract[] {
  let file: Partial<ContractFile>
  try {
    file = JSON.parse(text)
  } catch (cause) {
    throw invalid('is not JSON', cause)
  }
  if (file?.indelible !== 'event schemas' || file.format !== 1 || !Array.isArray(file.events))
    throw invalid('is not a file of event schemas of this version')
  const { events } = file as ContractFile
  if (!events.every(isWhole))
    throw invalid('lacks type, version, schema, olderVersions, formerTypes, tags or personal of an event')
  const own = events.map((event) => {
    const { type, version, tags, personal } = event
    return { type, version, versions: versionsOf(event), tags, personal }
  })
  const former = Map.groupBy(
    events.flatMap(({ formerTypes }) => formerTypes),
    ({ type }) => type,
  )
  return [
    ...own,
    ...[...former].map(([type, of]) =>
      formerContract(
        type,
        of.flatMap(({ versions }) => versions),
      ),
    ),
  ]
}

/** Somebody may have written in the file. */
function isWhole(event: unknown): boolean {
  const isVersion = (each: unknown) => isObject(each) && Number.isInteger(each.version) && isObject(each.schema)
  const isFormer = (each: unknown) =>
    isObject(each) &&
    typeof each.type === 'string' &&
    asList(each.versions).length > 0 &&
    asList(each.versions).every(isVersion)
  if (!isVersion(event)) return false
  const { type, olderVersions, formerTypes, tags, personal } = event as unknown as Record<string, unknown>
  const lists = [olderVersions, formerTypes, personal]
  return (
    typeof type === 'string' &&
    lists.every(Array.isArray) &&
    asList(olderVersions).every(isVersion) &&
    asList(formerTypes).every(isFormer) &&
    isObject(tags)
  )
}

/** Of a type that was declared as what others were before. Its events are in the log all the same. */
function formerContract(type: string, versions: RegistrationVersions): KnownContract {
  const inOrder = eachOnce(versions).toSorted((a, b) => a.version - b.version)
  return { type, version: inOrder.at(-1)!.version, versions: inOrder, tags: {}, personal: [] }
}

/** What the registry of a log knows; and the types that it has events of though nobody registered them, without any version. */
export function contractsInLog(
  { types, formerTypes }: Registry,
  counts: ReadonlyMap<string, number>,
): readonly KnownContract[] {
  const countOf = (type: string) => counts.get(type) ?? 0
  const registered = [...types.values()].map(({ event: { type, version, tags, personal }, versions }) => {
    const count = countOf(type)
    // Without events, only what code would read next matters.
    const all = versions.flatMap(({ version, schema, schemas }) =>
      (count > 0 ? schemas : [schema]).map((each) => ({ version, schema: each })),
    )
    return { type, version, versions: all, tags, personal, count }
  })
  const former = [...formerTypes].filter(([type]) => !types.has(type))
  const unregistered = [...counts.keys()].filter(
    (type) => !isReserved(type) && !types.has(type) && !formerTypes.has(type),
  )
  return [
    ...registered,
    ...former.map(([type, versions]) => ({ ...formerContract(type, versions), count: countOf(type) })),
    ...unregistered.map((type) => ({ type, count: countOf(type), version: 0, versions: [], tags: {}, personal: [] })),
  ]
}

function inOrder(event: EventContract): EventContract {
  const { type, version, description, ...rest } = event
  return {
    type,
    version,
    description,
    ...(sortedMembers(rest) as Omit<EventContract, 'type' | 'version' | 'description'>),
  }
}

function sortedMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedMembers)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, each]) => [name, sortedMembers(each)]))
}

function invalid(problem: string, cause?: unknown): IndelibleError {
  const message = `The file ${problem}. Write it again: indelible schema write FILE.`
  return new IndelibleError('schema_file_invalid', message, { cause })
}
