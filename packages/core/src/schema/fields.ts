// The members of data as a tree of fields in plain words, from a JSON Schema: for documents, boards and skeletons.
import { constraintsOf } from './constraints.ts'
import type { JsonSchema } from './json-schema.ts'

export interface Field {
  readonly name: string
  /** Through objects and lists, as in `lines.product`. */
  readonly path: string
  /** `text`, `integer`, `list of text`, `EUR | CZK`, `object`, `list of objects`, `any`, … */
  readonly type: string
  readonly isRequired: boolean
  readonly isNullable: boolean
  /** Also what is inside a personal member. */
  readonly isPersonal: boolean
  /** As in `1 to 200 characters`. */
  readonly constraints: readonly string[]
  readonly description: string | null
  /** The members of an object, or of each object in a list. */
  readonly fields: readonly Field[]
}

/** The members of the data that a schema describes. Data that are no object are one field without a name. */
export function fieldsOf(schema: JsonSchema, personal: readonly string[] = []): readonly Field[] {
  const root = new Reader(schema, new Set(personal)).field(schema, { name: '', path: '', isRequired: true })
  return root.type === 'object' ? root.fields : [root]
}

/** Each field before its members. */
export function allFields(fields: readonly Field[]): readonly Field[] {
  return fields.flatMap((field) => [field, ...allFields(field.fields)])
}

type Place = Pick<Field, 'name' | 'path' | 'isRequired'> & { readonly isPersonal?: boolean; readonly depth?: number }

class Reader {
  readonly #root: JsonSchema
  readonly #personal: ReadonlySet<string>

  constructor(root: JsonSchema, personal: ReadonlySet<string>) {
    this.#root = root
    this.#personal = personal
  }

  field(given: JsonSchema, { name, path, isRequired, isPersonal: isInPersonal = false, depth = 0 }: Place): Field {
    const schema = this.#resolved(given)
    const variants = this.#variantsOf(schema)
    const isNullable = variants.some(({ type }) => type === 'null')
    const forms = variants.filter(({ type }) => type !== 'null')
    const isPersonal = isInPersonal || this.#personal.has(path)
    return {
      name,
      path,
      type: [...new Set(forms.map((form) => this.#typeOf(form, depth)))].join(' or ') || 'null',
      isRequired,
      isNullable,
      isPersonal,
      constraints: [...new Set([schema, ...forms].flatMap(constraintsOf))],
      description: firstText(given.description, schema.description, ...forms.map(({ description }) => description)),
      fields: depth < depthMax ? this.#members(forms, { path, isPersonal, depth: depth + 1 }) : [],
    }
  }

  /** The members of all forms: what only some of them have is not required. */
  #members(
    forms: readonly JsonSchema[],
    { path, isPersonal, depth }: { readonly path: string; readonly isPersonal: boolean; readonly depth: number },
  ): readonly Field[] {
    const objects = forms.map((form) => this.#objectIn(form)).filter((each) => each !== undefined)
    const found = objects.flatMap(({ properties = {}, required = [] }) =>
      Object.entries(properties as Record<string, JsonSchema>).map(([name, schema]) => {
        const isRequired = (required as readonly string[]).includes(name)
        return this.field(schema, { name, path: path ? `${path}.${name}` : name, isRequired, isPersonal, depth })
      }),
    )
    return [...Map.groupBy(found, ({ name }) => name).values()].map(([first, ...others]) => ({
      ...first!,
      type: [...new Set([first!, ...others].map(({ type }) => type))].join(' or '),
      isRequired: others.length + 1 === objects.length && [first!, ...others].every(({ isRequired }) => isRequired),
    }))
  }

  /** The object that a form is, or that each item of its list or map is. */
  #objectIn(form: JsonSchema): JsonSchema | undefined {
    const inner = innerOf(form)
    if (inner) return this.#variantsOf(this.#resolved(inner)).find(({ properties }) => properties)
    return form.properties ? form : undefined
  }

  #typeOf(form: JsonSchema, depth: number): string {
    const { type, format, prefixItems, items } = form
    // A single word in quotes, as it could be the name of a type.
    if ('const' in form) return JSON.stringify(form.const)
    if (Array.isArray(form.enum)) return form.enum.map(literal).join(' | ')
    if (Array.isArray(prefixItems))
      return `list of ${prefixItems.map((each) => this.#innerType(each, depth)).join(', ')}`
    if (items) return `list of ${plural(this.#innerType(items as JsonSchema, depth))}`
    if (innerOf(form)) return `map of ${plural(this.#innerType(innerOf(form)!, depth))}`
    if (form.properties || type === 'object') return 'object'
    if (type === 'string') return (typeof format === 'string' && formats[format]) || 'text'
    if (type === 'array') return 'list of any'
    return typeof type === 'string' ? type : 'any'
  }

  #innerType(schema: JsonSchema, depth: number): string {
    if (depth >= depthMax) return 'any'
    const types = this.#variantsOf(this.#resolved(schema)).map((each) => this.#typeOf(each, depth + 1))
    return [...new Set(types)].join(' or ')
  }

  #variantsOf(schema: JsonSchema): readonly JsonSchema[] {
    const { anyOf, oneOf, allOf, type } = schema
    const alternatives = (anyOf ?? oneOf) as readonly JsonSchema[] | undefined
    if (alternatives) return alternatives.flatMap((each) => this.#variantsOf(this.#resolved(each)))
    if (Array.isArray(allOf)) return [merged(allOf.map((each) => this.#resolved(each)))]
    return Array.isArray(type) ? type.map((each) => ({ ...schema, type: each })) : [schema]
  }

  /** Follows `#/$defs/…` and `#`. */
  #resolved(schema: JsonSchema): JsonSchema {
    const { $ref } = schema
    if (typeof $ref !== 'string' || !$ref.startsWith('#')) return schema
    const steps = $ref.split('/').slice(1)
    let found: unknown = this.#root
    for (const step of steps)
      found = (found as JsonSchema | undefined)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')]
    return (found as JsonSchema | undefined) ?? schema
  }
}

function merged(parts: readonly JsonSchema[]): JsonSchema {
  const properties = Object.assign({}, ...parts.map((part) => part.properties ?? {}))
  const required = parts.flatMap((part) => (part.required as readonly string[] | undefined) ?? [])
  return { ...Object.assign({}, ...parts), ...(Object.keys(properties).length > 0 && { properties, required }) }
}

/** What a list or a map is made of. */
function innerOf({ items, additionalProperties, properties }: JsonSchema): JsonSchema | undefined {
  if (items && typeof items === 'object') return items as JsonSchema
  const isMap = !properties || Object.keys(properties).length === 0
  return isMap && additionalProperties && typeof additionalProperties === 'object'
    ? (additionalProperties as JsonSchema)
    : undefined
}

/** A word as it is, every other value as JSON. */
export function literal(value: unknown): string {
  return typeof value === 'string' && /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(value) ? value : JSON.stringify(value)
}

function plural(type: string): string {
  return type === 'object' ? 'objects' : type
}

function firstText(...texts: readonly unknown[]): string | null {
  return (texts.find((each) => typeof each === 'string' && each !== '') as string | undefined) ?? null
}

const formats: Readonly<Record<string, string>> = {
  date: 'date',
  'date-time': 'time',
  email: 'email',
  uri: 'address',
  uuid: 'uuid',
}
/** Schemas may contain themselves. */
const depthMax = 6
