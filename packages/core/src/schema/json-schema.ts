// JSON Schema (draft 2020-12) of the input of commands and the data of events. The schema library makes it, through Standard JSON Schema
// (https://standardschema.dev/json-schema).
import type { StandardJSONSchemaV1 } from '@standard-schema/spec'
import type { Schema } from '../kernel/schemas.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** The JSON Schema of the input or the output of a schema. If the library cannot make one, a schema that allows anything. */
export function jsonSchemaOf(schema: Schema, side: 'input' | 'output'): JsonSchema {
  const standard = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  try {
    return standard.jsonSchema?.[side]({ target: 'draft-2020-12' }) ?? {}
  } catch {
    // Libraries throw if JSON Schema cannot describe something, such as a transformation. The schema still validates; only its description is missing.
    return { $comment: 'JSON Schema cannot describe this. It is still checked.' }
  }
}

/** The description in the schema itself, as of z.object({ … }).describe('…'). */
export function ownDescription({ description }: JsonSchema): string | null {
  return typeof description === 'string' ? description : null
}
