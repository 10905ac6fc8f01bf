// The schemas of events as a reader of a stream gets them.
import type { JsonSchema } from '../schema/json-schema.ts'
import type { EventDescription, SystemDescription } from '../schema/system-description.ts'
import { asDefinition, definitionName, instantSchema, ref } from './json-schemas.ts'

/** The definition names of all declared events, one for each version. */
export function eventNames({ events }: SystemDescription): readonly string[] {
  return recordedIn(events).map(({ name }) => name)
}

/** The schema of every declared event, of its data, and of any event. */
export function eventDefinitions({ events }: SystemDescription): Readonly<Record<string, JsonSchema>> {
  const declared = recordedIn(events).flatMap(({ name, type, version, schema }): [string, JsonSchema][] => [
    [definitionName(name), readEvent(name, type, version)],
    [definitionName(`${name}.data`), asDefinition(`${name}.data`, schema)],
  ])
  return { RecordedEvent: recordedEvent, ...Object.fromEntries(declared) }
}

/** Every form that the log may have: events are read as they were recorded. */
function recordedIn(events: readonly EventDescription[]) {
  const forms = events.flatMap(({ type, version, schema, olderVersions, formerTypes }) => [
    ...[...olderVersions, { version, schema }].map((each) => ({ ...each, type })),
    ...formerTypes.flatMap((former) => former.versions.map((each) => ({ ...each, type: former.type }))),
  ])
  // An event that is seen as several stands at each of them.
  const byName = new Map(forms.map((form) => [`${form.type}.v${form.version}`, form]))
  return [...byName].map(([name, form]) => ({ name, ...form }))
}

function readEvent(name: string, type: string, version: number): JsonSchema {
  const properties = { type: { const: type }, schemaVersion: { const: version }, data: ref(`${name}.data`) }
  return { allOf: [ref('RecordedEvent'), { properties }] }
}

const recordedEvent: JsonSchema = {
  type: 'object',
  required: ['position', 'stream', 'version', 'type', 'schemaVersion', 'data', 'metadata', 'tags', 'recordedAt', 'id'],
  properties: {
    position: { type: 'integer', minimum: 1, description: 'The position of the event in the log.' },
    stream: { type: 'string' },
    version: { type: 'integer', minimum: 1, description: 'The position of the event in its stream.' },
    type: { type: 'string' },
    schemaVersion: { type: 'integer', minimum: 1 },
    data: { description: 'The recorded data; base64 if the content type is not JSON.' },
    contentType: { type: 'string', description: 'application/json if it is missing.' },
    metadata: {
      type: 'object',
      properties: {
        actor: { type: 'string' },
        commandId: { type: 'string' },
        correlationId: { type: 'string' },
        causationId: { type: 'string' },
        traceparent: { type: 'string' },
      },
    },
    tags: { type: 'array', items: { type: 'string' } },
    recordedAt: instantSchema,
    validAt: {
      type: 'string',
      description: 'When it was true in the world, if that differs from recordedAt: a day or a date-time.',
    },
    id: { type: 'string', format: 'uuid' },
  },
}
