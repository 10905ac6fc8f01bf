// The schemas of the domain for OpenAPI: JSON Schema inside a larger document.
import type { AnyEventType, System } from 'indelible'
import { type JsonSchema, jsonSchemaOf } from 'indelible/schema'
import { schemaName, schemaRef } from './route.ts'

/** The names and schemas of all declared events in their newest form, and the schema of any event. */
export function eventSchemas({ events }: System): {
  events: readonly string[]
  schemas: Readonly<Record<string, JsonSchema>>
} {
  const names = events.map(eventName)
  const schemas = events.flatMap((event): [string, JsonSchema][] => [
    [eventName(event), readEvent(event)],
    [`${eventName(event)}.data`, jsonSchemaOf(event.schema, 'output')],
  ])
  return { events: names, schemas: { ...Object.fromEntries(schemas), RecordedEvent: recordedEvent } }
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

function eventName({ type, schemaVersion }: AnyEventType): string {
  return `${type}.v${schemaVersion}`
}

function readEvent(event: AnyEventType): JsonSchema {
  const { type, schemaVersion } = event
  return {
    allOf: [
      schemaRef('RecordedEvent'),
      {
        properties: {
          type: { const: type },
          schemaVersion: { const: schemaVersion },
          data: schemaRef(`${eventName(event)}.data`),
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
