// The forms in which a log may have the events of a declared type: its versions, and those of the types that it had before.
import type { AnyEventType, AnySchema, AnyUpcast, FormerType } from './event-types.ts'

/** One form, and the way from its data to those of the newest version. */
export interface RecordedForm {
  /** As it is recorded. */
  readonly type: string
  readonly version: number
  readonly schema: AnySchema
  /** Which part of the recorded event is seen as the type: the names at each split on the way, without those of first parts. Empty where it is seen as one. */
  readonly part: string
  /** The place among the parts, at each split on the way. */
  readonly place: readonly number[]
  /** From the oldest to the newest. Empty for the newest version. */
  readonly steps: readonly UpcastStep[]
}

export interface UpcastStep {
  /** For messages: `"OrderPlaced" from version 1 to 2`. */
  readonly what: string
  readonly up: AnyUpcast
}

const known = new WeakMap<AnyEventType, readonly RecordedForm[]>()

/** Those of its own name first, the newest before all; then those of former types. */
export function recordedForms(event: AnyEventType): readonly RecordedForm[] {
  const found = known.get(event) ?? formsOf(event)
  known.set(event, found)
  return found
}

/** The names that the events of some types have in a log. */
export function recordedNames(events: readonly AnyEventType[]): readonly string[] {
  return [...new Set(events.flatMap((event) => recordedForms(event).map(({ type }) => type)))]
}

/** What of the declaration decides which events are seen as this type, in a text that changes with it. */
export function formsText({ type, version, former }: AnyEventType): string {
  const before = former.map(
    ({ event, version: into }) => ` formerly ${formsText(event)} ${event.parts.join(',')} ${into}`,
  )
  return `${type} ${version}${before.sort().join('')}`
}

/** Whether a type has this name, or had it before. A name whose events are now seen as several is none of it. */
export function isNamed({ type, former }: AnyEventType, name: string): boolean {
  return type === name || former.some(({ event }) => event.parts.length === 0 && isNamed(event, name))
}

function formsOf(event: AnyEventType): readonly RecordedForm[] {
  const { type, version, schema, older, former } = event
  const stepsFrom = (from: number): readonly UpcastStep[] =>
    older
      .filter((each) => each.version >= from)
      .map(({ version: old, up }) => ({ what: `"${type}" from version ${old} to ${old + 1}`, up }))
  const own = [{ version, schema }, ...older.toReversed()]
  return [
    ...own.map((each) => ({
      type,
      version: each.version,
      schema: each.schema,
      ...{ part: '', place: [], steps: stepsFrom(each.version) },
    })),
    ...former.flatMap((each) => formerForms(event, each, stepsFrom(each.version))),
  ]
}

function formerForms(
  { type }: AnyEventType,
  { event, up }: FormerType,
  after: readonly UpcastStep[],
): readonly RecordedForm[] {
  const at = event.parts.indexOf(type)
  return recordedForms(event).map((form) => {
    const place = at < 0 ? form.place : [...form.place, at]
    const part = at <= 0 ? form.part : form.part === '' ? type : `${form.part}.${type}`
    const steps = [...form.steps, { what: `"${event.type}" to "${type}"`, up }, ...after]
    return { ...form, part, place, steps }
  })
}

/** The order of parts of one recorded event. */
export function inPlace(one: RecordedForm, other: RecordedForm): number {
  const at = one.place.findIndex((each, index) => each !== other.place[index])
  return at < 0 ? 0 : one.place[at]! - (other.place[at] ?? 0)
}
