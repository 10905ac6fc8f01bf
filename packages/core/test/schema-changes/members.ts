// Changes of members, also inside others.
import type { JsonSchema } from 'indelible/schema'
import { z } from 'zod'
import { inObject, no, of, type SchemaChange, text, unclear, whole, yes } from './change.ts'

export const memberChanges: readonly SchemaChange[] = [
  // Members
  { name: 'nothing changed', before: of({ a: text }), after: of({ a: text }), backward: yes, forward: yes },
  {
    name: 'an optional member is added',
    before: of({ a: text }),
    after: of({ a: text, b: text.optional() }),
    backward: yes,
    forward: yes,
    avro: "if both are records: the reader's record schema has a field that contains a default value",
    confluent: 'OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL: compatible',
  },
  {
    name: 'a required member is added',
    before: of({ a: text }),
    after: of({ a: text, b: text }),
    backward: no,
    forward: yes,
    avro: "if both are records: the reader's record schema has a field with no default value: an error is signalled",
    confluent: 'REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL: incompatible',
  },
  {
    name: 'a member with a default is added',
    before: of({ a: text }),
    after: of({ a: text, b: text.default('x') }),
    backward: no,
    forward: yes,
    avro: "if both are records: the reader's record schema has a field that contains a default value: the reader uses it",
    confluent: 'REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL: compatible',
    differs:
      'Events are read as they were recorded. A default is filled in when an event is made, not when it is read: an upcast does that.',
  },
  {
    name: 'a nullable member that must be there is added',
    before: of({ a: text }),
    after: of({ a: text, b: text.nullable() }),
    backward: no,
    forward: yes,
  },
  {
    name: 'an optional member is removed',
    before: of({ a: text, b: text.optional() }),
    after: of({ a: text }),
    backward: yes,
    forward: yes,
    avro: "if both are records: the writer's record contains a field with a name not present in the reader's record: it is ignored",
    confluent: 'PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL: incompatible',
    differs:
      'A reader passes over members that it does not know, as in Avro. A strict object that is parsed again refuses them; check --replay finds that.',
  },
  {
    name: 'a required member is removed',
    before: of({ a: text, b: text }),
    after: of({ a: text }),
    backward: yes,
    forward: no,
    avro: "if both are records: the writer's record contains a field with a name not present in the reader's record: it is ignored",
    confluent: 'PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL: incompatible',
    differs: 'A reader passes over members that it does not know, as in Avro.',
  },
  {
    name: 'a required member is renamed',
    before: of({ street: text }),
    after: of({ road: text }),
    backward: no,
    forward: no,
    avro: 'Aliases: only with an alias of the reader',
    confluent: 'REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL: incompatible',
  },
  {
    name: 'an optional member is renamed',
    before: of({ street: text.optional() }),
    after: of({ road: text.optional() }),
    backward: yes,
    forward: yes,
    avro: 'if both are records: ignored, and the default is used: the value is lost, and nothing says so',
  },
  {
    name: 'an optional member becomes required',
    before: of({ a: text.optional() }),
    after: of({ a: text }),
    backward: no,
    forward: yes,
    confluent: 'REQUIRED_ATTRIBUTE_ADDED: incompatible',
  },
  {
    name: 'a required member becomes optional',
    before: of({ a: text }),
    after: of({ a: text.optional() }),
    backward: yes,
    forward: no,
    confluent: 'REQUIRED_ATTRIBUTE_REMOVED: compatible',
  },
  {
    name: 'the order of members changes',
    before: of({ a: text, b: whole }),
    after: of({ b: whole, a: text }),
    backward: yes,
    forward: yes,
    avro: 'if both are records: the ordering of fields may be different',
  },
  {
    name: 'a required member gets a default',
    before: of({ a: text }),
    after: of({ a: text.default('x') }),
    backward: yes,
    forward: yes,
    confluent: 'DEFAULT_CHANGED: compatible',
  },
  {
    name: 'an optional member gets a default',
    before: of({ a: text.optional() }),
    after: of({ a: text.default('x') }),
    backward: no,
    forward: yes,
    confluent: 'REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED: compatible',
    differs: 'A default is not filled in when an event is read.',
  },
  {
    name: 'a default changes',
    before: of({ a: text.default('x') }),
    after: of({ a: text.default('y') }),
    backward: yes,
    forward: yes,
    confluent: 'DEFAULT_CHANGED: compatible',
  },
  {
    name: 'a description changes',
    before: of({ a: text.describe('one') }),
    after: of({ a: text.describe('two') }),
    backward: yes,
    forward: yes,
    confluent: 'DESCRIPTION_CHANGED: compatible',
  },

  // Nested
  {
    name: 'an optional member is added inside a member',
    before: of({ address: of({ street: text }) }),
    after: of({ address: of({ street: text, floor: whole.optional() }) }),
    backward: yes,
    forward: yes,
  },
  {
    name: 'a required member is added inside a member',
    before: of({ address: of({ street: text }) }),
    after: of({ address: of({ street: text, town: text }) }),
    backward: no,
    forward: yes,
  },
  {
    name: 'a member is moved into another',
    before: of({ street: text }),
    after: of({ address: of({ street: text }) }),
    backward: no,
    forward: no,
  },
  {
    name: 'a member that links to the whole gets another member',
    before: tree({}),
    after: tree({ note: text.optional() }),
    backward: yes,
    forward: yes,
  },
  {
    name: 'a member that links to the whole changes its type',
    before: tree({ size: whole }),
    after: tree({ size: text }),
    backward: no,
    forward: no,
  },
  {
    name: 'a schema is given a name',
    before: { ...inObject({ type: 'string' }) },
    after: { ...inObject({ $ref: '#/$defs/name' }), $defs: { name: { type: 'string' } } },
    backward: yes,
    forward: yes,
  },
  {
    name: 'what a name stands for is narrowed',
    before: { ...inObject({ $ref: '#/$defs/n' }), $defs: { n: { type: 'string' } } },
    after: { ...inObject({ $ref: '#/$defs/n' }), $defs: { n: { type: 'string', maxLength: 3 } } },
    backward: no,
    forward: yes,
  },
  {
    name: 'a reference leads elsewhere',
    before: inObject({ type: 'string' }),
    after: inObject({ $ref: 'https://example.com/text' }),
    backward: unclear,
    forward: unclear,
  },
]

function tree(members: Record<string, z.ZodType>): JsonSchema {
  const properties = Object.entries(members).map(([name, schema]) => [name, z.toJSONSchema(schema)])
  return {
    type: 'object',
    properties: { ...Object.fromEntries(properties), children: { type: 'array', items: { $ref: '#' } } },
    additionalProperties: false,
  }
}
