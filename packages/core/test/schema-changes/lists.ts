// Changes of lists, of tables by name, and of what cannot be looked into.
import { z } from 'zod'
import { inObject, line, no, of, type SchemaChange, text, unclear, whole, yes } from './change.ts'

export const listChanges: readonly SchemaChange[] = [
  // Lists
  {
    name: 'the items of a list are widened',
    before: of({ a: z.array(whole) }),
    after: of({ a: z.array(z.number()) }),
    backward: yes,
    forward: no,
    avro: 'if both are arrays: applied recursively to the item schemas',
  },
  {
    name: 'the items of a list are narrowed',
    before: of({ a: z.array(z.number()) }),
    after: of({ a: z.array(whole) }),
    backward: no,
    forward: yes,
  },
  {
    name: 'the items get an optional member',
    before: of({ lines: z.array(line) }),
    after: of({ lines: z.array(line.extend({ note: text.optional() })) }),
    backward: yes,
    forward: yes,
  },
  {
    name: 'the items get a required member',
    before: of({ lines: z.array(line) }),
    after: of({ lines: z.array(line.extend({ note: text })) }),
    backward: no,
    forward: yes,
  },
  {
    name: 'a list must have an item',
    before: of({ a: z.array(text) }),
    after: of({ a: z.array(text).min(1) }),
    backward: no,
    forward: yes,
    confluent: 'MIN_ITEMS_ADDED: incompatible',
  },
  {
    name: 'a list may be longer',
    before: of({ a: z.array(text).max(3) }),
    after: of({ a: z.array(text).max(4) }),
    backward: yes,
    forward: no,
    confluent: 'MAX_ITEMS_INCREASED: compatible',
  },
  {
    name: 'the items of a list must differ',
    before: inObject({ type: 'array', items: { type: 'string' } }),
    after: inObject({ type: 'array', items: { type: 'string' }, uniqueItems: true }),
    backward: no,
    forward: yes,
    confluent: 'UNIQUE_ITEMS_ADDED: incompatible',
  },
  {
    name: 'one thing becomes a list of it',
    before: of({ a: text }),
    after: of({ a: z.array(text) }),
    backward: no,
    forward: no,
    confluent: 'TYPE_CHANGED: incompatible',
  },
  {
    name: 'a pair gets a third place',
    before: of({ a: z.tuple([text, whole]) }),
    after: of({ a: z.tuple([text, whole, text]) }),
    backward: no,
    forward: no,
  },
  {
    name: 'a place of a pair is widened',
    before: of({ a: z.tuple([text, whole]) }),
    after: of({ a: z.tuple([text, z.number()]) }),
    backward: yes,
    forward: no,
  },
  {
    name: 'a pair becomes a list',
    before: of({ a: z.tuple([text, text]) }),
    after: of({ a: z.array(text) }),
    backward: yes,
    forward: no,
  },
  {
    name: 'the places of a pair are exchanged',
    before: of({ a: z.tuple([text, whole]) }),
    after: of({ a: z.tuple([whole, text]) }),
    backward: no,
    forward: no,
  },

  // Objects with any members
  {
    name: 'the values of a table by name are widened',
    before: of({ a: z.record(text, whole) }),
    after: of({ a: z.record(text, z.number()) }),
    backward: yes,
    forward: no,
    avro: 'if both are maps: applied recursively to the value schemas',
    confluent: 'ADDITIONAL_PROPERTIES_EXTENDED: compatible',
  },
  {
    name: 'the values of a table by name are narrowed',
    before: of({ a: z.record(text, z.number()) }),
    after: of({ a: z.record(text, whole) }),
    backward: no,
    forward: yes,
    confluent: 'ADDITIONAL_PROPERTIES_NARROWED: incompatible',
  },
  {
    name: 'an object becomes a table by name',
    before: of({ a: of({ x: whole, y: whole }) }),
    after: of({ a: z.record(text, whole) }),
    backward: yes,
    forward: no,
  },
  {
    name: 'a table by name becomes an object',
    before: of({ a: z.record(text, whole) }),
    after: of({ a: of({ x: whole.optional() }) }),
    backward: yes,
    forward: yes,
  },
  {
    name: 'a name of a table by name is removed',
    before: of({ a: z.partialRecord(z.enum(['x', 'y']), whole) }),
    after: of({ a: z.partialRecord(z.enum(['x']), whole) }),
    backward: no,
    forward: yes,
  },
  {
    name: 'an object with any members names one of them',
    before: z.looseObject({ a: text }),
    after: z.looseObject({ a: text, b: whole.optional() }),
    backward: no,
    forward: yes,
    confluent: 'PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL: incompatible',
  },
  {
    name: 'an object with any members names one, of any type',
    before: z.looseObject({ a: text }),
    after: z.looseObject({ a: text, b: z.any().optional() }),
    backward: yes,
    forward: yes,
    confluent: 'PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL: compatible',
  },
  {
    name: 'an object may have any other members',
    before: of({ a: text }),
    after: z.looseObject({ a: text }),
    backward: yes,
    forward: yes,
    confluent: 'ADDITIONAL_PROPERTIES_ADDED: compatible',
  },
  {
    name: 'members by a pattern change',
    before: inObject({ type: 'object', patternProperties: { '^x': { type: 'integer' } } }),
    after: inObject({ type: 'object', patternProperties: { '^x': { type: 'number' } } }),
    backward: unclear,
    forward: unclear,
  },

  // What cannot be looked into
  {
    name: 'what must not be changes',
    before: inObject({ type: 'string', not: { const: 'x' } }),
    after: inObject({ type: 'string', not: { const: 'y' } }),
    backward: unclear,
    forward: unclear,
    confluent: 'NOT_TYPE_EXTENDED: incompatible',
  },
  {
    name: 'what must not be is added',
    before: inObject({ type: 'string' }),
    after: inObject({ type: 'string', not: { const: 'y' } }),
    backward: unclear,
    forward: yes,
  },
  {
    name: 'what must not be stays, and a length is removed',
    before: inObject({ type: 'string', maxLength: 3, not: { const: 'x' } }),
    after: inObject({ type: 'string', not: { const: 'x' } }),
    backward: yes,
    forward: unclear,
  },
  {
    name: 'a condition changes',
    // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema
    before: inObject({ type: 'number', if: { minimum: 5 }, then: { maximum: 9 } }),
    // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema
    after: inObject({ type: 'number', if: { minimum: 5 }, then: { maximum: 99 } }),
    backward: unclear,
    forward: unclear,
  },
  {
    name: 'variants that are not told apart change',
    before: inObject({
      oneOf: [
        { type: 'number', maximum: 5 },
        { type: 'number', minimum: 3 },
      ],
    }),
    after: inObject({
      oneOf: [
        { type: 'number', maximum: 6 },
        { type: 'number', minimum: 3 },
      ],
    }),
    backward: unclear,
    forward: unclear,
  },
]
