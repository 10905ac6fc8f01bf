// The schemas of the domain for OpenAPI: JSON Schema inside a larger document.
import type { AnyEventType, System } from 'indelible'
import { type JsonSchema, jsonSchemaOf } from 'indelible/schema'
import { schemaName, schemaRef } from './route.ts'

/** The names and schemas of all declared events in their newest form, and the schema of any event. */
export function eventSchemas({ events }: System): {
  events: readonly string[]
  schemas: Readonly<Record<string, JsonSchema>>
} {
  const versions = events.flatMap(versionsOf)
  const schemas = versions.flatMap(({ name, type, version, schema }): [string, JsonSchema][] => [
    [name, readEvent(name, type, version)],
    [`${name}.data`, jsonSchemaOf(schema, 'output')],
  ])
  return {
    events: versions.map(({ name }) => name),
    schemas: { ...Object.fromEntries(schemas), RecordedEvent: recordedEvent },
  }
}

/** The same schema as a component of a document: without `$schema`, and with references that start at the component. */
export function asComponent(name: string, schema: JsonSchema): JsonSchema {
  const { $schema: _dialect, ...rest } = schema
  return movedTo(`#/components/schemas/${schemaName(name)}`, rest) as JsonSchema
}

/** Schema libraries write references that start at the root of their schema: `#` and `#/$defs/...`. */
function movedTo(root: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => movedTo(root, part))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const isLocal = key === '$ref' && typeof part === 'string' && /^#(\/\$defs\/|$)/.test(part)
      return [key, isLocal ? root + part.slice(1) : movedTo(root, part)]
    }),
  )
}

/** Every version that the log may have: events are read as they were recorded. */
function versionsOf({ type, version, schema, upcasts }: AnyEventType) {
  const older = Object.entries(upcasts).map(([old, upcast]) => ({ version: Number(old), schema: upcast.schema }))
  return [...older, { version, schema }].map((each) => ({ ...each, type, name: `${type}.v${each.version}` }))
}

function readEvent(name: string, type: string, version: number): JsonSchema {
  return {
    allOf: [
      schemaRef('RecordedEvent'),
      {
        properties: {
          type: { const: type },
          schemaVersion: { const: version },
          data: schemaRef(`${name}.data`),
        },
      },
    ],
  }
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
    recordedAt: { type: 'string', format: 'date-time' },
    validAt: {
      type: 'string',
      description: 'When it was true in the world, if that differs from recordedAt: a day or a date-time.',
    },
    id: { type: 'string', format: 'uuid' },
  },
}
