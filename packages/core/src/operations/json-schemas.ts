// Pieces of JSON Schema, and references to the definitions that the schemas of all operations share.
import type { JsonSchema } from '../schema/json-schema.ts'

/** An object that has all of these properties. */
export function objectOf(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', required: Object.keys(properties), properties }
}

/** A reference to a definition. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/$defs/${definitionName(name)}` }
}

/** The name with only the characters that OpenAPI and a JSON pointer allow without escapes. */
export function definitionName(name: string): string {
  return name.replace(/[^\w.-]/g, '_')
}

/** A schema of the domain as a definition: without `$schema`, and with references that start at the definition. */
export function asDefinition(name: string, schema: JsonSchema): JsonSchema {
  const { $schema: _dialect, ...rest } = schema
  return movedTo(`#/$defs/${definitionName(name)}`, rest) as JsonSchema
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

/** The description of an enumeration: every value with its meaning. */
export function meaningsOf(meanings: Readonly<Record<string, string>>): string {
  return Object.entries(meanings)
    .map(([value, meaning]) => `${value}: ${meaning}.`)
    .join(' ')
}

export const instantSchema: JsonSchema = { type: 'string', format: 'date-time' }
export const headSchema: JsonSchema = {
  description: 'The last event of the log.',
  ...objectOf({ position: { type: 'integer' }, recordedAt: { type: ['string', 'null'], format: 'date-time' } }),
}
