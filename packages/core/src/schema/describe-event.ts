// Describes an event: every form in which the log may have it, who emits it, and who handles it.
import type { AnyEventType } from '../kernel/event-types.ts'
import { sagaEvents } from '../kernel/processes/index.ts'
import { type RecordedForm, recordedForms, recordedNames } from '../kernel/recorded-forms.ts'
import type { System } from '../kernel/system.ts'
import { RecordedTypes } from '../kernel/upcasts.ts'
import { nameOf } from './command-name.ts'
import { jsonSchemaOf, ownDescription } from './json-schema.ts'
import type { EventDescription, FormerTypeDescription, HandlerKind, VersionDescription } from './system-description.ts'

export function describeEvent(system: System, event: AnyEventType): EventDescription {
  const { type, version, older, tags, personal } = event
  const schema = jsonSchemaOf(event.schema, 'output')
  const emittedBy = [...system.commands, ...system.activities].filter(({ emits }) => emits.includes(event)).map(nameOf)
  return {
    type,
    version,
    description: event.description ?? ownDescription(schema),
    schema,
    olderVersions: older.map(describeVersion),
    formerTypes: describeFormer(system, event),
    tags,
    personal,
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
