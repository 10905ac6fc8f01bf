// JSON Schema (draft 2020-12) of the input of commands and the data of events. The schema library makes it, through Standard JSON Schema
// (https://standardschema.dev/json-schema).
import type { StandardJSONSchemaV1 } from '@standard-schema/spec'
import type { Schema } from '../kernel/schemas.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** Where a library gives no JSON Schema of a schema at all. */
const undescribed: JsonSchema = { $comment: 'JSON Schema cannot describe this. It is still checked.' }

/**
 * Without it, Zod fails for all of a schema where one member is a transformation or the like; with it, that member is left open. Other libraries do not know it.
 * What Valibot has for this (`errorMode: 'ignore'`) describes such a member as what it was made from, which is wrong.
 */
const libraryOptions = { unrepresentable: 'any' }

/** The JSON Schema of the input or the output of a schema. If the library cannot make one, a schema that allows anything; see {@link isUndescribed}. */
export function jsonSchemaOf(schema: Schema, side: 'input' | 'output'): JsonSchema {
  const standard = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  try {
    return standard.jsonSchema?.[side]({ target: 'draft-2020-12', libraryOptions }) ?? undescribed
  } catch {
    return undescribed
  }
}

/** Whether nothing is known of a schema, though it may refuse values. */
export function isUndescribed({ $comment }: JsonSchema): boolean {
  return $comment === undescribed.$comment
}

/** The description in the schema itself, as of z.object({ … }).describe('…'). */
export function ownDescription({ description }: JsonSchema): string | null {
  return typeof description === 'string' ? description : null
}
