// JSON Schema (draft 2020-12) of what commands take and events record, asked of the schema library through Standard JSON Schema (https://standardschema.dev/json-schema).
import type { StandardJSONSchemaV1 } from '@standard-schema/spec'
import type { Schema } from '../kernel/schemas.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** The JSON Schema of what goes into a schema or comes out of it; a schema that allows anything where the library cannot say. */
export function jsonSchemaOf(schema: Schema, side: 'input' | 'output'): JsonSchema {
  const standard = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  try {
    return standard.jsonSchema?.[side]({ target: 'draft-2020-12' }) ?? {}
  } catch {
    // Libraries throw for what JSON Schema has no words for, such as a transformation. The schema still validates; only its description is missing.
    return { description: 'JSON Schema has no words for this; it is checked all the same.' }
  }
}
