// A change of the schema of an event, with what it means for reading: old events with the new code (backward), and new events with the old code (forward).
// Both together are what is called full.
import type { JsonSchema } from 'indelible/schema'
import { z } from 'zod'

export type Verdict = 'compatible' | 'breaking' | 'cannot tell'

/**
 * Beside a change stands what published rules say of it, where they speak to it:
 * `avro`: Apache Avro 1.12 specification, section "Schema Resolution" (the reader's schema is the new one), by the beginning of the bullet.
 * `confluent`: Confluent Schema Registry, class SchemaDiff of json-schema-provider, COMPATIBLE_CHANGES: the difference that it finds backward.
 * `differs` says why ours is another verdict for reading backward.
 */
export interface SchemaChange {
  readonly name: string
  readonly before: z.ZodType | JsonSchema
  readonly after: z.ZodType | JsonSchema
  readonly backward: Verdict
  readonly forward: Verdict
  readonly avro?: string
  readonly confluent?: string
  readonly differs?: string
}

export const yes = 'compatible'
export const no = 'breaking'
export const unclear = 'cannot tell'
export const of = (members: Record<string, z.ZodType>) => z.object(members)
export const text = z.string()
export const whole = z.int()
export const line = of({ product: text, quantity: whole })

export function inObject(schema: JsonSchema): JsonSchema {
  return { type: 'object', properties: { a: schema }, required: ['a'], additionalProperties: false }
}
