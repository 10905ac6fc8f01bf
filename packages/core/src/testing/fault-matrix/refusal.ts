// Refusals as a command declares them, with details that fit: a saga may read the details of a refusal after which it goes on.
import type { AnyCommandType } from '../../kernel/commands.ts'
import type { Refusal } from '../../kernel/refusals.ts'
import { type JsonSchema, jsonSchemaOf } from '../../schema/json-schema.ts'

/** All that a command may be refused with, values that are taken included. */
export function refusalsOf({ refuses, aggregate }: AnyCommandType): readonly Refusal[] {
  return [
    ...refuses.map(({ reason, details }) => ({
      refused: reason,
      details: details ? sampleOf(jsonSchemaOf(details, 'output')) : {},
    })),
    ...Object.entries(aggregate?.unique ?? {}).map(([field, reason]) => ({
      refused: reason,
      details: { field, value: 'taken' },
    })),
  ]
}

/** The command type, which refuses a command where `refuses` says so. */
export function refusing(
  type: AnyCommandType,
  refuses: (commandId: string, type: AnyCommandType) => Refusal | undefined,
): AnyCommandType {
  const decide: AnyCommandType['decide'] = (state, input, context) =>
    refuses(context.commandId, type) ?? type.decide(state, input, context)
  // A sample of the details may not fit the schema.
  const declared = refusalsOf(type).map(({ refused: reason }) => ({ reason, details: null }))
  return Object.assign((id: string, input: unknown) => type(id, input), type, {
    decide,
    refuses: declared,
  }) as AnyCommandType
}

/** A small value of a JSON Schema. What the schema does not say is left out. */
function sampleOf(schema: JsonSchema): unknown {
  const { const: constant, enum: values, anyOf, oneOf, type, properties, required, minimum, exclusiveMinimum } = schema
  if ('const' in schema) return constant
  if (Array.isArray(values)) return values[0]
  const [alternative] = (anyOf ?? oneOf ?? []) as readonly JsonSchema[]
  if (alternative) return sampleOf(alternative)
  switch (Array.isArray(type) ? type[0] : type) {
    case 'object': {
      const of = (properties ?? {}) as Readonly<Record<string, JsonSchema>>
      return Object.fromEntries(((required ?? []) as readonly string[]).map((name) => [name, sampleOf(of[name] ?? {})]))
    }
    case 'array':
      return Array.from({ length: Number(schema.minItems ?? 0) }, () => sampleOf((schema.items ?? {}) as JsonSchema))
    case 'integer':
    case 'number':
      return typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : Math.max(0, Number(minimum ?? 0))
    case 'string':
      return 'x'.repeat(Number(schema.minLength ?? 1))
    case 'boolean':
      return false
    default:
      return null
  }
}
