// JSON Schema (draft 2020-12) of what a system takes and records, asked of the schema library through Standard JSON Schema (https://standardschema.dev/json-schema).
import type { StandardJSONSchemaV1 } from '@standard-schema/spec'
import type { Schema } from '../kernel/schemas.ts'
import type { System } from '../kernel/system.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** The JSON Schema of what goes into a schema or comes out of it; `{}`, which means anything, where the library offers none. */
export function jsonSchemaOf(schema: Schema, side: 'input' | 'output'): JsonSchema {
  const standard = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  return standard.jsonSchema?.[side]({ target: 'draft-2020-12' }) ?? {}
}

/** Every command and event of a system with the JSON Schema of its input or data. */
export interface SystemSchemas {
  readonly commands: readonly { readonly category: string; readonly type: string; readonly input: JsonSchema }[]
  readonly events: readonly { readonly type: string; readonly schemaVersion: number; readonly data: JsonSchema }[]
}

export function schemasOf({ commands, events }: System): SystemSchemas {
  return {
    commands: commands.map(({ type, aggregate, input }) => ({
      category: aggregate.category,
      type,
      input: jsonSchemaOf(input, 'input'),
    })),
    events: events.map(({ type, schemaVersion, schema }) => ({
      type,
      schemaVersion,
      data: jsonSchemaOf(schema, 'output'),
    })),
  }
}
