// Changes of listed values and of unions.
import { z } from 'zod'
import { inObject, no, of, type SchemaChange, text, unclear, whole, yes } from './change.ts'

export const valueChanges: readonly SchemaChange[] = [
  // Listed values
  {
    name: 'a listed value is added',
    before: of({ a: z.enum(['x', 'y']) }),
    after: of({ a: z.enum(['x', 'y', 'z']) }),
    backward: yes,
    forward: no,
    avro: 'if both are enums',
    confluent: 'ENUM_ARRAY_EXTENDED: compatible',
  },
  {
    name: 'a listed value is removed',
    before: of({ a: z.enum(['x', 'y', 'z']) }),
    after: of({ a: z.enum(['x', 'y']) }),
    backward: no,
    forward: yes,
    avro: "if both are enums: the writer's symbol is not present in the reader's enum, and the reader has no default: an error is signalled",
    confluent: 'ENUM_ARRAY_NARROWED: incompatible',
  },
  {
    name: 'listed values change places',
    before: of({ a: z.enum(['x', 'y']) }),
    after: of({ a: z.enum(['y', 'x']) }),
    backward: yes,
    forward: yes,
  },
  {
    name: 'a listed value is exchanged',
    before: of({ a: z.enum(['x', 'y']) }),
    after: of({ a: z.enum(['x', 'z']) }),
    backward: no,
    forward: no,
    confluent: 'ENUM_ARRAY_CHANGED: incompatible',
  },
  {
    name: 'listed values become any text',
    before: of({ a: z.enum(['x', 'y']) }),
    after: of({ a: text }),
    backward: yes,
    forward: no,
    confluent: 'TYPE_EXTENDED: compatible',
  },
  {
    name: 'listed values become text of a length that all have',
    before: of({ a: z.enum(['EUR', 'USD']) }),
    after: of({ a: text.length(3).regex(/^[A-Z]+$/) }),
    backward: yes,
    forward: no,
  },
  {
    name: 'listed values become text of a length that one has not',
    before: of({ a: z.enum(['EUR', 'FRANC']) }),
    after: of({ a: text.length(3) }),
    backward: no,
    forward: no,
  },
  {
    name: 'any text becomes listed values',
    before: of({ a: text }),
    after: of({ a: z.enum(['x']) }),
    backward: no,
    forward: yes,
  },
  {
    name: 'a fixed value changes',
    before: of({ a: z.literal('x') }),
    after: of({ a: z.literal('y') }),
    backward: no,
    forward: no,
  },
  {
    name: 'a fixed value becomes a list of values',
    before: of({ a: z.literal(1) }),
    after: of({ a: z.literal([1, 2]) }),
    backward: yes,
    forward: no,
  },

  // Unions
  {
    name: 'a variant is added',
    before: of({ a: z.union([text, whole]) }),
    after: of({ a: z.union([text, whole, z.null()]) }),
    backward: yes,
    forward: no,
    avro: "if reader's is a union",
    confluent: 'SUM_TYPE_EXTENDED: compatible',
  },
  {
    name: 'a variant is removed',
    before: of({ a: z.union([text, whole, z.boolean()]) }),
    after: of({ a: z.union([text, whole]) }),
    backward: no,
    forward: yes,
    avro: "if writer's is a union: an error, where it selected that branch",
    confluent: 'SUM_TYPE_NARROWED: incompatible',
  },
  {
    name: 'variants change places',
    before: of({ a: z.union([text, whole]) }),
    after: of({ a: z.union([whole, text]) }),
    backward: yes,
    forward: yes,
  },
  {
    name: 'one type becomes a union with it',
    before: of({ a: text }),
    after: of({ a: z.union([text, z.array(text)]) }),
    backward: yes,
    forward: no,
    confluent: 'SUM_TYPE_EXTENDED: compatible',
  },
  {
    name: 'a variant told by a member is added',
    before: paidBy(['card', 'cash']),
    after: paidBy(['card', 'cash', 'voucher']),
    backward: yes,
    forward: no,
    confluent: 'SUM_TYPE_EXTENDED: compatible',
  },
  {
    name: 'a variant told by a member is removed',
    before: paidBy(['card', 'cash', 'voucher']),
    after: paidBy(['card', 'cash']),
    backward: no,
    forward: yes,
  },
  {
    name: 'a variant told by a member gets a required member',
    before: paidBy(['card', 'cash']),
    after: paidBy(['card', 'cash'], { till: text }),
    backward: no,
    forward: yes,
  },
  {
    name: 'all of two schemas become one with the same',
    before: { allOf: [inObject({ type: 'string' }), { type: 'object', properties: { b: { type: 'integer' } } }] },
    after: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number' } }, required: ['a'] },
    backward: yes,
    forward: no,
    confluent: 'PRODUCT_TYPE_NARROWED: compatible',
  },
  {
    name: 'an object of which nothing is said gets a member with a type',
    before: inObject({ type: 'object' }),
    after: inObject({ type: 'object', properties: { b: { type: 'number' } } }),
    backward: no,
    forward: yes,
  },
  {
    name: 'anything becomes anything in which a member of an object has a type',
    before: of({ a: z.any() }),
    after: of({
      a: z.union([z.null(), z.boolean(), z.number(), text, z.array(z.any()), z.object({ b: whole.optional() })]),
    }),
    backward: no,
    forward: yes,
  },
  {
    name: 'items each have a schema of their own, in the words of an older draft',
    before: inObject({ type: 'array', items: [{ type: 'string' }] }),
    after: inObject({ type: 'array', items: [{ type: 'number' }] }),
    backward: unclear,
    forward: unclear,
  },
  {
    name: 'a limit becomes exclusive, in the words of draft 4',
    before: inObject({ type: 'number', minimum: 5 }),
    after: inObject({ type: 'number', minimum: 5, exclusiveMinimum: true }),
    backward: unclear,
    forward: unclear,
  },
  {
    name: 'what a schema with an address of its own refers to changes',
    before: inObject({ $id: 'urn:a', $ref: '#/$defs/a', $defs: { a: { type: 'string' } } }),
    after: inObject({ $id: 'urn:a', $ref: '#/$defs/a', $defs: { a: { type: 'number' } } }),
    backward: unclear,
    forward: unclear,
  },
  {
    name: 'a member that other members may have had gets a type',
    before: { type: 'object', properties: { a: { type: 'string' } }, unevaluatedProperties: { type: 'string' } },
    after: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number' } } },
    backward: unclear,
    forward: unclear,
  },
  {
    name: 'a member changes beside one that is transformed',
    before: of({ a: text, b: text.transform((each) => each.length) }),
    after: of({ a: whole, b: text.transform((each) => each.length) }),
    backward: no,
    forward: no,
  },
]

function paidBy(ways: readonly [string, string, ...string[]], more: Record<string, z.ZodType> = {}): z.ZodType {
  const [first, ...others] = ways.map((way) =>
    of({ by: z.literal(way), cents: whole, ...(way === 'cash' ? more : {}) }),
  )
  return of({ paid: z.discriminatedUnion('by', [first!, ...others] as never) })
}
