// Random JSON Schemas, random changes of them, and random values that mostly fit one.
import type { JsonSchema } from 'indelible/schema'
import type { Draw } from '../../../scripts/campaign.ts'

type Schema = Record<string, unknown>

const names = ['a', 'b', 'c', 'd']
const words = ['x', 'xy', 'abc', '', 'EUR', 'x1']
const numbers = [-2, 0, 1, 2, 3, 5, 10, 0.5, 2.5]
const patterns = ['^x', 'y$', '^[A-Z]+$', '.']

export function drawnSchema(draw: Draw, depth = 3): JsonSchema {
  const one = <Value>(of: readonly Value[]) => of[draw(of.length)]!
  const maybe = (schema: Schema): Schema => (draw(3) === 0 ? schema : {})
  const inner = () => drawnSchema(draw, depth - 1)
  const scalars = [
    () => ({
      type: 'string',
      ...maybe({ minLength: draw(3) }),
      ...maybe({ maxLength: 1 + draw(4) }),
      ...maybe({ pattern: one(patterns) }),
    }),
    () => ({
      type: one(['integer', 'number']),
      ...maybe({ minimum: one(numbers) }),
      ...maybe({ maximum: one(numbers) }),
    }),
    () => ({
      type: one(['integer', 'number']),
      ...maybe({ exclusiveMinimum: one(numbers) }),
      ...maybe({ multipleOf: 1 + draw(4) }),
    }),
    () => ({ enum: [...new Set([one(words), one(words), one(numbers)])] }),
    () => ({ type: 'string', enum: [...new Set([one(words), one(words)])] }),
    () => ({ const: one([...words, ...numbers, null, true]) }),
    () => ({ type: [one(['string', 'integer', 'boolean']), 'null'] }),
    () => ({ type: 'boolean' }),
    () => ({}),
    () => ({ type: 'string', not: { const: one(words) } }),
    () => ({ type: 'string', allOf: [{ pattern: one(patterns) }, { pattern: one(patterns) }] }),
  ]
  const nested = [
    () => {
      const properties = Object.fromEntries(names.slice(0, 1 + draw(4)).map((name) => [name, inner()]))
      const required = Object.keys(properties).filter(() => draw(2) === 0)
      const others = [
        {},
        { additionalProperties: false },
        { additionalProperties: inner() },
        { additionalProperties: {} },
      ]
      return {
        type: 'object',
        properties,
        required,
        ...one([...others, others[1]!]),
        ...maybe({ maxProperties: 1 + draw(3) }),
      }
    },
    () => ({
      type: 'object',
      additionalProperties: inner(),
      ...maybe({ propertyNames: { enum: names.slice(0, 2) } }),
      ...maybe({ minProperties: 1 }),
    }),
    () => ({
      type: 'array',
      items: inner(),
      ...maybe({ minItems: draw(3) }),
      ...maybe({ maxItems: 1 + draw(3) }),
      ...maybe({ uniqueItems: true }),
    }),
    () => ({
      type: 'array',
      prefixItems: [inner(), inner()],
      ...one([{ items: false, minItems: 2 }, { items: inner() }, {}]),
    }),
    () => ({ anyOf: [inner(), inner()] }),
    () => ({ anyOf: [inner(), inner(), inner()], ...maybe({ type: one(['object', 'string', 'number']) }) }),
    () => ({
      oneOf: [...new Set([one(words), one(words)])].map((word) => ({
        type: 'object',
        properties: { kind: { const: word }, a: inner() },
        required: ['kind', 'a'],
        additionalProperties: false,
      })),
    }),
    () => ({ allOf: [inner(), inner()] }),
    () => ({ const: { a: one(numbers), b: [one(words)] } }),
    () => ({ type: 'object', properties: { a: inner(), next: { $ref: '#' } }, additionalProperties: false }),
  ]
  return one(depth <= 0 ? scalars : [...scalars, ...nested, ...nested])() as JsonSchema
}

/** The schema with a few changes, small ones mostly. */
export function changedSchema(schema: JsonSchema, draw: Draw): JsonSchema {
  const changed = structuredClone(schema) as Schema
  for (let times = 1 + draw(2); times > 0; times--) {
    const places = objectsIn(changed)
    const at = places[draw(places.length)]!
    const keys = Object.keys(at)
    const key = keys[draw(Math.max(1, keys.length))]
    const value = key === undefined ? undefined : at[key]
    switch (draw(6)) {
      case 0:
        if (key !== undefined) delete at[key]
        break
      case 1:
        if (typeof value === 'number') at[key!] = Math.max(0, value + draw(5) - 2)
        else if (value === 'integer') at[key!] = 'number'
        else if (value === 'number') at[key!] = 'integer'
        break
      case 2:
        if (Array.isArray(value) && value.length > 1) value.splice(draw(value.length), 1)
        break
      case 3:
        if (Array.isArray(value) && key !== 'required')
          value.push(key === 'enum' ? words[draw(words.length)] : drawnSchema(draw, 0))
        break
      case 4:
        if (isObject(at.properties)) at.properties[names[draw(names.length)]!] = drawnSchema(draw, 1)
        break
      default:
        Object.assign(at, drawnSchema(draw, 0))
    }
    // What is not a schema any more would say nothing.
    for (const list of ['enum', 'anyOf', 'oneOf', 'allOf', 'type'])
      if (Array.isArray(at[list]) && at[list].length === 0) delete at[list]
  }
  return changed
}

/** A value that mostly fits; the caller checks it. */
export function drawnValue(schema: unknown, draw: Draw, root: unknown = schema, depth = 6): unknown {
  const one = <Value>(of: readonly Value[]) => of[draw(of.length)]!
  if (!isObject(schema) || depth <= 0) return one<unknown>([...words, ...numbers, null, true, {}, []])
  const inner = (each: unknown) => drawnValue(each, draw, root, depth - 1)
  if (schema.$ref === '#') return inner(root)
  if (draw(40) === 0) return one<unknown>([...words, ...numbers, null, false, [], {}])
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return one(schema.enum)
  for (const union of ['anyOf', 'oneOf', 'allOf']) if (Array.isArray(schema[union])) return inner(one(schema[union]))
  const type = Array.isArray(schema.type)
    ? one(schema.type)
    : (schema.type ?? one(['string', 'number', 'object', 'array', 'null', 'boolean']))
  switch (type) {
    case 'string':
      return one([...words, 'xxy', 'ABCDE', 'y'])
    case 'integer':
      return draw(12) - 2
    case 'number':
      return one([...numbers, draw(12), draw(100) / 8])
    case 'boolean':
      return draw(2) === 0
    case 'null':
      return null
    case 'array': {
      const firsts = Array.isArray(schema.prefixItems) ? schema.prefixItems.map(inner) : []
      const more = schema.items === false ? [] : Array.from({ length: draw(4) }, () => inner(schema.items ?? {}))
      return [...firsts, ...more]
    }
    default: {
      const properties = isObject(schema.properties) ? schema.properties : {}
      const required = Array.isArray(schema.required) ? schema.required : []
      const members = Object.keys(properties).filter((name) => required.includes(name) || draw(2) === 0)
      const others =
        schema.additionalProperties === false || schema.additionalProperties === undefined
          ? []
          : names.filter(() => draw(3) === 0)
      const value = Object.fromEntries(members.map((name) => [name, inner(properties[name])]))
      for (const name of others) if (!Object.hasOwn(value, name)) value[name] = inner(schema.additionalProperties)
      return value
    }
  }
}

const schemaWords = ['items', 'additionalProperties', 'not', 'propertyNames'] as const
const listWords = ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const

/** Every schema in a schema. */
function objectsIn(schema: unknown): Schema[] {
  if (!isObject(schema)) return []
  const inside = [
    ...schemaWords.map((word) => schema[word]),
    ...listWords.flatMap((word) => (Array.isArray(schema[word]) ? schema[word] : [])),
    ...(isObject(schema.properties) ? Object.values(schema.properties) : []),
  ]
  return [schema, ...inside.flatMap(objectsIn)]
}

/** A writer records only members that its schema names. */
export function asWritten(schema: JsonSchema): JsonSchema {
  return inPlaces(schema, (each) =>
    'properties' in each && !('additionalProperties' in each) ? { ...each, additionalProperties: false } : each,
  )
}

/** A reader passes over members that its schema does not name. */
export function asRead(schema: JsonSchema): JsonSchema {
  return inPlaces(schema, ({ additionalProperties, ...each }) =>
    additionalProperties === false || additionalProperties === undefined ? each : { ...each, additionalProperties },
  )
}

/** Not in what must not be, nor in parts that hold together. */
function inPlaces(schema: JsonSchema, change: (schema: Schema) => Schema): JsonSchema {
  const copy = structuredClone(schema) as Schema
  const walk = (at: unknown): unknown => {
    if (!isObject(at)) return at
    const walked = Object.entries(at).map(([word, value]) => {
      if (word === 'items' || word === 'additionalProperties') return [word, walk(value)]
      if (['anyOf', 'oneOf', 'allOf', 'prefixItems'].includes(word) && Array.isArray(value))
        return [word, value.map(walk)]
      if (word === 'properties' && isObject(value))
        return [word, Object.fromEntries(Object.entries(value).map(([name, each]) => [name, walk(each)]))]
      return [word, value]
    })
    return change(Object.fromEntries(walked))
  }
  return walk(copy) as JsonSchema
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
