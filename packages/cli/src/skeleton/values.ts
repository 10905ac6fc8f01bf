// Fields of a board in code: their schemas, their TypeScript types, samples of them, and where a value can come from.
import { type Field, type FieldType, fieldType } from 'indelible/schema'
import { type Code, call, group, keyText, list, object, text } from './code.ts'

export type Fields = readonly Field[]

export function schemaOf(fields: Fields): Code {
  return call('z.object', object(Object.fromEntries(fields.map((field) => [field.name, schemaOfField(field)]))))
}

function schemaOfField({ type, fields, isNullable, isRequired }: Field): Code {
  const canBeNull = isNullable && type !== 'null'
  const marks = isRequired ? (canBeNull ? '.nullable()' : '') : canBeNull ? '.nullish()' : '.optional()'
  const code = schemaOfType(fieldType(type)!, fields)
  return marks === '' ? code : [code, marks]
}

function schemaOfType(type: FieldType, fields: Fields): Code {
  switch (type.kind) {
    case 'basic':
      return type.name === 'object' ? schemaOf(fields) : schemas[type.name]
    case 'list':
      return call('z.array', schemaOfType(type.of, fields))
    case 'map':
      return call('z.record', 'z.string()', schemaOfType(type.of, fields))
    case 'tuple':
      return call('z.tuple', list(type.of.map((each) => schemaOfType(each, fields))))
    case 'either':
      return call('z.union', list(type.of.map((each) => schemaOfType(each, fields))))
    default: {
      const values = type.values.map(literal)
      if (values.length === 1) return call('z.literal', values[0]!)
      return call(type.values.every((each) => typeof each === 'string') ? 'z.enum' : 'z.literal', list(values))
    }
  }
}

export function typeScriptOf({ type, fields, isNullable }: Field): string {
  const own = typeScriptOfType(fieldType(type)!, fields)
  return isNullable && own !== 'null' ? `${own} | null` : own
}

function typeScriptOfType(type: FieldType, fields: Fields): string {
  switch (type.kind) {
    case 'basic': {
      if (type.name !== 'object') return typeScript[type.name]
      const members = fields.map(
        (field) =>
          `readonly ${keyText(field.name)}${field.isRequired ? '' : '?'}: ${typeScriptOf(field)}${field.isRequired ? '' : ' | undefined'}`,
      )
      return members.length === 0 ? 'object' : `{ ${members.join('; ')} }`
    }
    case 'list': {
      const inner = typeScriptOfType(type.of, fields)
      return `readonly ${/[ |]/.test(inner) && !inner.startsWith('{') ? `(${inner})` : inner}[]`
    }
    case 'map':
      return `Readonly<Record<string, ${typeScriptOfType(type.of, fields)}>>`
    case 'tuple':
      return `readonly [${type.of.map((each) => typeScriptOfType(each, fields)).join(', ')}]`
    case 'either':
      return [...new Set(type.of.map((each) => typeScriptOfType(each, fields)))].join(' | ')
    default:
      return type.values.map(literal).join(' | ')
  }
}

/** A value that fits the schema. */
export function sampleOf({ name, type, fields }: Field): Code {
  return sampleOfType(fieldType(type)!, { name, fields })
}

/** Values for all members that must be there. */
export function samplesOf(fields: Fields): Code {
  const required = fields.filter(({ isRequired }) => isRequired)
  return object(Object.fromEntries(required.map((field) => [field.name, sampleOf(field)])))
}

function sampleOfType(type: FieldType, field: { readonly name: string; readonly fields: Fields }): Code {
  switch (type.kind) {
    case 'basic':
      if (type.name === 'object') return samplesOf(field.fields)
      return type.name === 'text' ? text(field.name) : samples[type.name]
    case 'list':
      return list([sampleOfType(type.of, field)])
    case 'map':
      return object({ a: sampleOfType(type.of, field) })
    case 'tuple':
      return list(type.of.map((each) => sampleOfType(each, field)))
    case 'either':
      return sampleOfType(type.of[0]!, field)
    default:
      return literal(type.values[0])
  }
}

/** Something that code can read, and what it is. */
export interface Source {
  readonly field: Field
  readonly code: string
}

/** The code of a value for a field, and whether it is only a sample. */
export function valueFor(
  target: Field,
  sources: readonly Source[],
): { readonly code: Code; readonly isSample: boolean } {
  const source = sources.find(({ field }) => field.name === target.name && hasSameForm(field, target))
  if (!source) return { code: sampleOf(target), isSample: true }
  const { field, code } = source
  const mayLack = (!field.isRequired && target.isRequired) || (field.isNullable && !target.isNullable)
  if (!mayLack) return { code, isSample: false }
  if (!target.isRequired) return { code: `${code} ?? undefined`, isSample: false }
  return { code: [`${code} ?? `, target.isNullable ? 'null' : sampleOf(target)], isSample: false }
}

export function hasSameForm(a: Field, b: Field): boolean {
  return a.type === b.type && formOf(a.fields) === formOf(b.fields)
}

function formOf(fields: Fields): string {
  return JSON.stringify(
    fields.map(({ name, type, isRequired, isNullable, fields: inner }) => [
      name,
      type,
      isRequired,
      isNullable,
      formOf(inner),
    ]),
  )
}

/** `({ a, b })` of what is used, or nothing. */
export function destructured(names: readonly string[]): string {
  return names.length === 0 ? '' : `{ ${[...new Set(names)].join(', ')} }`
}

function literal(value: unknown): string {
  return typeof value === 'string' ? text(value) : JSON.stringify(value)
}

/** A list of plain items. */
export function names(items: readonly string[]): Code {
  return items.length === 0 ? '[]' : group('[', items, ']')
}

const schemas = {
  text: 'z.string()',
  integer: 'z.int()',
  number: 'z.number()',
  boolean: 'z.boolean()',
  date: 'z.iso.date()',
  time: 'z.iso.datetime()',
  email: 'z.email()',
  address: 'z.url()',
  uuid: 'z.uuid()',
  any: 'z.any()',
  null: 'z.null()',
} as const
const typeScript = {
  text: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  date: 'string',
  time: 'string',
  email: 'string',
  address: 'string',
  uuid: 'string',
  any: 'unknown',
  null: 'null',
} as const
const samples = {
  integer: '1',
  number: '1.5',
  boolean: 'true',
  date: "'2026-01-31'",
  time: "'2026-01-31T09:00:00.000Z'",
  email: "'ann@example.com'",
  address: "'https://example.com'",
  uuid: "'01890a5d-ac96-774b-bcce-b302099a8057'",
  any: "'anything'",
  null: 'null',
} as const
