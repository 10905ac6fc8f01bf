// Events as domain code sees them: every recorded form is converted to the newest version of its declared type, and reserved tags are removed. In the log,
// events stay as they were recorded.
import { IndelibleError, isIndelibleError } from './errors.ts'
import type { AnyEventType } from './event-types.ts'
import type { RecordedEvent } from './events.ts'
import { deepFreeze } from './freeze.ts'
import type { Position } from './positions.ts'
import { inPlace, type RecordedForm, recordedForms } from './recorded-forms.ts'
import { isReserved } from './reserved.ts'
import { parse } from './schemas.ts'
import { messageOf } from './shown.ts'
import type { StreamName } from './streams.ts'
import { partId, recordedId, recordedOf, ViewedEvent } from './viewed-event.ts'

/** Whether an event may have reserved tags. `unknown`: to look at its tags now costs more than an object that removes them when they are read. */
export type ReservedTags = 'none' | 'looked for' | 'unknown'

/** How the events of one recorded name are seen as a declared type. */
export class Sight {
  readonly type: AnyEventType
  readonly name: string
  /** By the version that was recorded. */
  readonly #forms: RecordedForm[] = []
  /** The part and its place are the same for all versions. */
  readonly #any: RecordedForm

  constructor(type: AnyEventType, name: string) {
    this.type = type
    this.name = name
    const forms = recordedForms(type).filter((form) => form.type === name)
    for (const form of forms) this.#forms[form.version] = form
    this.#any = forms[0]!
  }

  /** The versions that can be read, ascending. */
  get versions(): readonly number[] {
    return Object.keys(this.#forms).map(Number)
  }

  /** The id of an event as it is seen. Parts of one recorded event have ids of their own. */
  id(event: Pick<RecordedEvent, 'id'>): string {
    return partId(event, this.#any)
  }

  /** Throws `event_version_unknown`. */
  form(event: VersionedEvent): RecordedForm {
    return this.#forms[event.schemaVersion] ?? this.#unknown(event)
  }

  /** The event in the newest form, which is converted when its data are first read. Throws `event_version_unknown`. */
  of(event: RecordedEvent, tags: ReservedTags = 'looked for'): RecordedEvent {
    const form = this.form(event)
    if (form.steps.length === 0 && (tags === 'none' || (tags === 'looked for' && !event.tags.some(isReserved))))
      return event
    return new ViewedEvent(event, this.type, form)
  }

  /** Parts of one recorded event come in this order. */
  compare(other: Sight): number {
    return inPlace(this.#any, other.#any)
  }

  #unknown({ schemaVersion, stream, position }: VersionedEvent): never {
    const { name, versions: known } = this
    const where = stream === undefined ? `position ${position}` : `${stream}, position ${position}`
    const todo =
      schemaVersion > known.at(-1)!
        ? 'Newer code wrote it: deploy that code here too.'
        : `Begin its declaration with that version: event('${name}', …, { version: ${schemaVersion} }).next(…).upcast(…).`
    throw new IndelibleError(
      'event_version_unknown',
      `"${name}" (${where}) has version ${schemaVersion}. This code knows version ${known.join(', ')}. ${todo}`,
      { details: { type: name, schemaVersion, known, stream, position } },
    )
  }
}

/** Without a stream, only the position is known. */
interface VersionedEvent {
  readonly schemaVersion: number
  readonly position: Position
  readonly stream: StreamName | undefined
}

/** Declared types as a log has them: under which names, and as which of the types an event is seen. */
export class RecordedTypes {
  readonly types: readonly AnyEventType[]
  /** The names of all their events in the log. */
  readonly names: readonly string[]
  /** Whether a type has former names. */
  readonly hasFormer: boolean
  /** Whether an event is seen as several. */
  readonly hasParts: boolean
  /** For each name, the types as which its events are seen: more than one where each is seen as several, in their order. */
  readonly sights: readonly (readonly Sight[])[]
  readonly #byName: ReadonlyMap<string, readonly Sight[]>

  /** Made once for a list: commands read with the same lists again and again. */
  static of(types: readonly AnyEventType[]): RecordedTypes {
    const known = knownTypes.get(types) ?? new RecordedTypes(types)
    knownTypes.set(types, known)
    return known
  }

  private constructor(types: readonly AnyEventType[]) {
    const byName = new Map<string, Sight[]>()
    for (const type of new Map(types.map((each) => [each.type, each])).values()) {
      for (const [name, sight] of sightsOf(type)) byName.set(name, [...(byName.get(name) ?? []), sight])
    }
    for (const sights of byName.values()) sights.sort((one, other) => one.compare(other))
    this.types = types
    this.hasFormer = types.some(({ former }) => former.length > 0)
    this.hasParts = [...byName.values()].some((sights) => sights.length > 1)
    this.names = [...byName.keys()]
    this.sights = [...byName.values()]
    this.#byName = byName
  }

  /** The types as which an event of a name is seen; none where no declared type knows it. */
  sightsOf(name: string): readonly Sight[] {
    return this.#byName.get(name) ?? []
  }

  /** The events in the newest form, those of other types as they are. Throws `event_version_unknown`. */
  newest(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
    const newest: RecordedEvent[] = []
    for (const event of events) {
      const sights = this.#byName.get(event.type)
      if (sights) for (const sight of sights) newest.push(sight.of(event))
      else newest.push(event)
    }
    return newest
  }
}

/** Returns the data frozen. An upcast runs now, on frozen data. Call it where domain code is watched. */
export function frozenData(event: { readonly data: unknown }): unknown {
  if (event instanceof ViewedEvent) deepFreeze(recordedOf(event).data)
  return deepFreeze(event.data)
}

/** The data in the newest version of a type, of an event that was kept apart from the log. Throws `event_version_unknown`, and what an upcast throws. */
export function newestData(
  type: AnyEventType,
  event: Omit<VersionedEvent, 'stream'> & { readonly type: string; readonly data: unknown },
): unknown {
  const sight = sightsOf(type).get(event.type)
  const steps = sight?.form({ ...event, stream: undefined }).steps ?? []
  return steps.reduce((data, { up }) => up(data), event.data)
}

/** Whether an event that was kept apart from the log, with its recorded type and its own id, is seen as a type. */
export function isSeenAs(
  type: AnyEventType,
  { type: name, id }: { readonly type: string; readonly id: string },
): boolean {
  return (
    sightsOf(type)
      .get(name)
      ?.id({ id: recordedId(id) }) === id
  )
}

/**
 * The event in the newest form of a type that sees it, after its data were checked against the newest schema. Runs the upcasts. Throws
 * `event_version_unknown`, `upcast_failed`, `recorded_event_invalid`.
 */
export function checkedForm(type: AnyEventType, event: RecordedEvent): RecordedEvent {
  const newest = sightsOf(type).get(event.type)!.of(event)
  const { stream, position, schemaVersion } = event
  const what = `The data of "${event.type}" (${stream}, position ${position}) as version ${type.version} of "${type.type}"`
  try {
    parse(type.schema, newest.data, what, 'recorded_event_invalid')
  } catch (error) {
    if (!isIndelibleError(error, 'recorded_event_invalid')) throw error
    const place = { type: type.type, recordedType: event.type, schemaVersion, stream, position }
    throw new IndelibleError(error.code, messageOf(error), { details: { ...error.details, ...place } })
  }
  return newest
}

const knownTypes = new WeakMap<readonly AnyEventType[], RecordedTypes>()
const knownSights = new WeakMap<AnyEventType, ReadonlyMap<string, Sight>>()

function sightsOf(type: AnyEventType): ReadonlyMap<string, Sight> {
  const known = knownSights.get(type)
  if (known) return known
  const names = new Set(recordedForms(type).map((form) => form.type))
  const sights = new Map([...names].map((name) => [name, new Sight(type, name)]))
  knownSights.set(type, sights)
  return sights
}
