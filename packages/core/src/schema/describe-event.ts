// Describes an event: every form in which the log may have it, who emits it, and who handles it.
import type { AnyEventType } from '../kernel/event-types.ts'
import { sagaEvents } from '../kernel/processes/index.ts'
import { type RecordedForm, recordedForms, recordedNames } from '../kernel/recorded-forms.ts'
import type { System } from '../kernel/system.ts'
import { RecordedTypes } from '../kernel/upcasts.ts'
import { type CommandName, nameOf } from './command-name.ts'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'

export interface EventDescription {
  readonly type: string
  readonly version: number
  /** The schema of the recorded data. */
  readonly schema: JsonSchema
  /** Older versions that the log may have, ascending. Readers get them in the newest form. */
  readonly olderVersions: readonly VersionDescription[]
  /** The types whose events are seen as this one. */
  readonly formerTypes: readonly FormerTypeDescription[]
  /** The member of the data with the value of each tag, by the name of the tag. */
  readonly tags: Readonly<Record<string, string>>
  readonly emittedBy: readonly CommandName[]
  /** Everything that handles the event. */
  readonly handledBy: readonly { readonly kind: HandlerKind; readonly name: string }[]
}

export interface VersionDescription {
  readonly version: number
  readonly schema: JsonSchema
}

/** A type that is no longer recorded. */
export interface FormerTypeDescription {
  readonly type: string
  /** Those that the log may have, ascending. */
  readonly versions: readonly VersionDescription[]
  /** The types as which each of its events is seen, in this order. More than one where it is seen as several. */
  readonly seenAs: readonly string[]
}

export type HandlerKind =
  | 'aggregate'
  | 'decision model'
  | 'projection'
  | 'saga'
  | 'policy'
  | 'reaction'
  | 'subscription'

export function describeEvent(system: System, event: AnyEventType): EventDescription {
  const { type, version, schema, older, tags } = event
  const emittedBy = [...system.commands, ...system.activities].filter(({ emits }) => emits.includes(event)).map(nameOf)
  return {
    type,
    version,
    schema: jsonSchemaOf(schema, 'output'),
    olderVersions: older.map(describeVersion),
    formerTypes: describeFormer(system, event),
    tags,
    emittedBy,
    handledBy: handlersOf(system, event),
  }
}

function describeVersion({ version, schema }: Pick<RecordedForm, 'version' | 'schema'>): VersionDescription {
  return { version, schema: jsonSchemaOf(schema, 'output') }
}

function describeFormer({ events }: System, event: AnyEventType): readonly FormerTypeDescription[] {
  return recordedNames([event])
    .filter((name) => name !== event.type)
    .map((name) => ({
      type: name,
      versions: recordedForms(event)
        .filter(({ type }) => type === name)
        .toSorted((one, other) => one.version - other.version)
        .map(describeVersion),
      seenAs: RecordedTypes.of(events)
        .sightsOf(name)
        .map(({ type }) => type.type),
    }))
}

function handlersOf(system: System, event: AnyEventType): EventDescription['handledBy'] {
  const handling = (
    kind: HandlerKind,
    parts: readonly { readonly name: string; readonly events: readonly AnyEventType[] }[],
  ) => parts.filter(({ events }) => events.includes(event)).map(({ name }) => ({ kind, name }))
  return [
    ...handling(
      'aggregate',
      system.aggregates.map(({ category: name, events }) => ({ name, events })),
    ),
    ...handling('decision model', system.decisionModels),
    ...handling('projection', system.projections),
    ...handling(
      'saga',
      system.sagas.map((each) => ({ name: each.name, events: sagaEvents(each) })),
    ),
    ...handling('policy', system.policies),
    ...handling('reaction', system.reactions),
    ...handling('subscription', system.subscriptions),
  ]
}
