// An example value for a JSON Schema: the same each time, and valid as far as the schema can be followed.
import type { JsonSchema } from 'indelible/schema'

export function exampleOf(schema: JsonSchema, root: JsonSchema = schema, depth = 0): unknown {
  const { type, anyOf, oneOf, allOf, enum: values, $ref } = schema
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0]
  if (Array.isArray(values)) return values[0]
  if ('default' in schema) return schema.default
  if (depth > depthMax) return null
  const again = (each: JsonSchema) => exampleOf(each, root, depth + 1)
  if (typeof $ref === 'string') return again(resolved($ref, root))
  const first = ((anyOf ?? oneOf) as readonly JsonSchema[] | undefined)?.find((each) => each.type !== 'null')
  if (first) return again(first)
  if (Array.isArray(allOf)) return Object.assign({}, ...allOf.map(again))
  switch (Array.isArray(type) ? type.find((each) => each !== 'null') : type) {
    case 'string':
      return textOf(schema)
    case 'integer':
    case 'number':
      return numberOf(schema)
    case 'boolean':
      return true
    case 'null':
      return null
    case 'array':
      return Array.from({ length: Math.max(1, Number(schema.minItems ?? 0)) }, () =>
        again((schema.items ?? {}) as JsonSchema),
      )
    default:
      return schema.properties || type === 'object' ? objectOf(schema, again) : null
  }
}

/** With the members that must be there. */
function objectOf(schema: JsonSchema, again: (schema: JsonSchema) => unknown): unknown {
  const required = new Set((schema.required ?? []) as readonly string[])
  const members = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)
  return Object.fromEntries(members.filter(([name]) => required.has(name)).map(([name, each]) => [name, again(each)]))
}

function textOf({ format, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: JsonSchema): string {
  const known = typeof format === 'string' ? formats[format] : undefined
  if (known !== undefined) return known
  const text = 'text'.padEnd(Number(minLength), 'x')
  return text.slice(0, Number(maxLength))
}

function numberOf({ minimum, maximum, exclusiveMinimum, multipleOf }: JsonSchema): number {
  const step = Number(multipleOf ?? 1)
  const least =
    exclusiveMinimum === undefined
      ? Math.max(Number(minimum ?? 1), Number.MIN_SAFE_INTEGER)
      : Number(exclusiveMinimum) + step
  const value = least < 0 ? Math.min(step, Number(maximum ?? step)) : least
  return Math.min(value, Number(maximum ?? value))
}

function resolved(ref: string, root: JsonSchema): JsonSchema {
  let found: unknown = root
  for (const step of ref.split('/').slice(1)) found = (found as JsonSchema | undefined)?.[step]
  return (found ?? {}) as JsonSchema
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  email: 'ann@example.org',
  time: '12:00:00',
  uri: 'https://example.org/',
  uuid: '01890000-0000-7000-8000-000000000001',
}
const depthMax = 12
