// What is wrong with the former types of a declared system: each recorded event must be seen as one event, or as all of its parts.
import { type AnyEventType, formerNames } from './event-types.ts'
import { recordedForms, recordedNames } from './recorded-forms.ts'
import type { System } from './system.ts'

export function faultsOfFormerTypes(system: System): string[] {
  const { events, aggregates } = system
  const former = new Map(events.flatMap(formerTypes).map((each) => [each.type, each]))
  return [
    ...events.flatMap((event) => stillUsed(event, former)),
    ...[...former.values()].flatMap((each) => [...ambiguous(each, events), ...missingParts(each, events)]),
    ...aggregates.flatMap((aggregate) =>
      [...former.keys()].flatMap((name) => unhandledParts(aggregate, name, seenAs(events, name))),
    ),
  ]
}

/** The types as which events of a recorded name are seen. */
export function seenAs(events: readonly AnyEventType[], name: string): readonly AnyEventType[] {
  return events.filter((event) => recordedNames([event]).includes(name))
}

function formerTypes({ former }: AnyEventType): readonly AnyEventType[] {
  return former.flatMap(({ event }) => [event, ...formerTypes(event)])
}

function stillUsed({ type, parts }: AnyEventType, former: ReadonlyMap<string, AnyEventType>): string[] {
  if (parts.length > 0)
    return [`The event "${type}" is seen as ${parts.join(' and ')}, so nothing emits or handles it. Use those.`]
  return former.has(type)
    ? [`The event "${type}" is a former type of another event, so nothing emits or handles it. Use the other one.`]
    : []
}

function ambiguous({ type }: AnyEventType, events: readonly AnyEventType[]): string[] {
  const byPlace = Map.groupBy(seenAs(events, type), (event) =>
    recordedForms(event)
      .find((form) => form.type === type)!
      .place.join('.'),
  )
  return [...byPlace.values()]
    .filter((same) => same.length > 1)
    .map(
      (same) =>
        `The event "${type}" is formerly ${same.map((each) => each.type).join(' and ')}. If each of its events is seen as all of them, say in which order: ` +
        `event('${type}', …, { parts: [${same.map((each) => `'${each.type}'`).join(', ')}] }).`,
    )
}

function missingParts({ type, parts }: AnyEventType, events: readonly AnyEventType[]): string[] {
  const seen = seenAs(events, type)
  return parts
    .filter((part) => !seen.some((event) => event.type === part || formerNames(event.former).includes(part)))
    .map(
      (part) =>
        `The event "${type}" is seen as ${parts.join(' and ')}, but no ${part} is declared with .formerly(${type}, …).`,
    )
}

function unhandledParts(
  { category, events }: System['aggregates'][number],
  name: string,
  all: readonly AnyEventType[],
): string[] {
  const unhandled = all.filter((each) => !events.some(({ type }) => type === each.type))
  if (unhandled.length === 0 || unhandled.length === all.length) return []
  return unhandled.map(
    ({ type }) =>
      `Aggregate "${category}" handles only a part of "${name}". Handle the other part too: add .on(${type}, …).`,
  )
}
