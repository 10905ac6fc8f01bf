// A schema as a list of forms: a value fits the schema if it fits one of them. A form has one type, and the keywords of all schemas that must hold together.
import { schemaFormsMax, schemaNestingMax } from './limits.ts'
import { equalJson, hasReference, isObject, type Kind, kindOf, type SchemaObject } from './values.ts'

export interface Form {
  readonly kind: Kind
  /** The only values, if they are listed. */
  readonly values: readonly unknown[] | undefined
  /** All of these hold. References, types, lists of values and unions are resolved. */
  readonly all: readonly SchemaObject[]
}

/** The schemas are too large, or a reference leads nowhere. */
export class Unclear extends Error {
  readonly rule: 'too_large' | 'reference_unclear' | 'keyword_unclear'

  constructor(rule: Unclear['rule'], message: string) {
    super(message)
    this.rule = rule
  }
}

const anyValue: readonly Form[] = [
  { kind: 'null', values: [null], all: [] },
  { kind: 'boolean', values: [true, false], all: [] },
  { kind: 'number', values: undefined, all: [] },
  { kind: 'string', values: undefined, all: [] },
  { kind: 'array', values: undefined, all: [] },
  { kind: 'object', values: undefined, all: [] },
]

/** Resolves references and unions. Throws {@link Unclear}. */
export function formsOf(schema: unknown, root: unknown, depth = 0): readonly Form[] {
  if (schema === true) return anyValue
  if (schema === false) return []
  if (!isObject(schema)) throw new Unclear('keyword_unclear', `${JSON.stringify(schema)} is no schema of draft 2020-12`)
  checkDraft(schema, root)
  if (depth > schemaNestingMax)
    throw new Unclear('too_large', `more than ${schemaNestingMax} schemas are inside each other`)
  const { $ref, type, enum: listed, allOf, anyOf, oneOf, not, const: only, ...keywords } = schema
  if (not === true || (isObject(not) && Object.keys(not).length === 0)) return []
  const inner = (each: unknown) => formsOf(each, root, depth + 1)
  let forms: readonly Form[] = anyValue
  const narrow = (others: readonly Form[]) => {
    forms = both(forms, others)
  }
  if (type !== undefined) narrow([type].flat().flatMap((each) => ofType(String(each))))
  if ('const' in schema) narrow([valueForm(only)])
  if (Array.isArray(listed)) narrow(listed.map(valueForm))
  const own = not === undefined ? keywords : { ...keywords, not }
  if (Object.keys(own).length > 0) forms = forms.map((form) => ({ ...form, all: [...form.all, own] }))
  if (typeof $ref === 'string') narrow(inner(referred($ref, root)))
  for (const each of asList(allOf)) narrow(inner(each))
  if (Array.isArray(anyOf)) narrow(anyOf.flatMap(inner))
  if (Array.isArray(oneOf)) narrow(oneOfForms(oneOf, root, inner))
  return grouped(forms)
}

/** Some libraries write older drafts, in which the same words mean something else. */
function checkDraft(schema: SchemaObject, root: unknown): void {
  const strange = ['exclusiveMinimum', 'exclusiveMaximum'].find((word) => typeof schema[word] === 'boolean')
  if (strange) throw new Unclear('keyword_unclear', `"${strange}" is true or false, as in draft 4`)
  if (schema !== root && schema.$id !== undefined && hasReference(schema))
    throw new Unclear('reference_unclear', `the references in "${String(schema.$id)}" begin there`)
}

/** The form of one value. Objects and lists are described by their parts. */
export function valueForm(value: unknown): Form {
  const kind = kindOf(value)
  return { kind, values: [value], all: [] }
}

/** Where the references of two forms begin. */
interface Roots {
  readonly writer: unknown
  readonly reader: unknown
}

/** True if no value fits both: their types differ, or their values, or those of a member that both must have. */
export function areApart(a: Form, b: Form, roots: Roots): boolean {
  if (!meet(a.kind, b.kind)) return true
  if (a.values && b.values) return !a.values.some((value) => b.values!.some((other) => equalJson(value, other)))
  if (a.kind !== 'object' || b.kind !== 'object') return false
  return tagsIn(a, roots.writer).some(([name, values]) =>
    tagsIn(b, roots.reader).some(
      ([other, others]) => name === other && !values.some((value) => others.some((each) => equalJson(value, each))),
    ),
  )
}

/** The members of an object that must be there and whose values are listed: they tell the variants of a union apart. */
export function tagsIn({ all }: Form, root: unknown): readonly (readonly [name: string, values: readonly unknown[]])[] {
  const required = new Set(all.flatMap(({ required }) => asList(required)))
  return all.flatMap(({ properties }) =>
    Object.entries(isObject(properties) ? properties : {}).flatMap(([name, schema]) => {
      if (!required.has(name)) return []
      const forms = formsOf(schema, root)
      const values = forms.flatMap(({ values }) => values ?? [])
      return forms.length > 0 && forms.every(({ values }) => values) ? [[name, values] as const] : []
    }),
  )
}

function oneOfForms(
  oneOf: readonly unknown[],
  root: unknown,
  inner: (schema: unknown) => readonly Form[],
): readonly Form[] {
  const branches = oneOf.map(inner)
  const isApart = branches.every((forms, index) =>
    branches
      .slice(index + 1)
      .every((others) => forms.every((a) => others.every((b) => areApart(a, b, { writer: root, reader: root })))),
  )
  const forms = branches.flat()
  // A value must fit one only. Where that is not plain, the keyword itself has to be compared.
  return isApart ? forms : forms.map((form) => ({ ...form, all: [...form.all, { oneOf }] }))
}

function both(forms: readonly Form[], others: readonly Form[]): readonly Form[] {
  if (forms === anyValue) return others
  const met = forms.flatMap((a) =>
    others.flatMap((b): Form[] => {
      const kind = meet(a.kind, b.kind)
      if (!kind) return []
      const values = commonValues(a.values, b.values)?.filter((value) => meet(kindOf(value), kind) === kindOf(value))
      return values?.length === 0 ? [] : [{ kind, values, all: [...a.all, ...b.all] }]
    }),
  )
  if (met.length > schemaFormsMax) throw new Unclear('too_large', `a value may have more than ${schemaFormsMax} forms`)
  return met
}

function commonValues(
  a: readonly unknown[] | undefined,
  b: readonly unknown[] | undefined,
): readonly unknown[] | undefined {
  if (!a || !b) return a ?? b
  return a.filter((value) => b.some((other) => equalJson(value, other)))
}

/** Values of one type and with the same keywords together, so that they are told together. */
function grouped(forms: readonly Form[]): readonly Form[] {
  const result: Form[] = []
  for (const form of forms) {
    const at = result.findIndex(
      ({ kind, values, all }) => form.values && values && kind === form.kind && equalJson(all, form.all),
    )
    if (at < 0) result.push(form)
    else result[at] = { ...form, values: [...result[at]!.values!, ...form.values!] }
  }
  return result
}

function ofType(type: string): readonly Form[] {
  if (type === 'integer') return [{ kind: 'integer', values: undefined, all: [] }]
  return anyValue.filter(({ kind }) => kind === type)
}

/** The narrower of two types, if a value can have both. */
export function meet(a: Kind, b: Kind): Kind | undefined {
  if (a === b) return a
  return [a, b].every((kind) => kind === 'integer' || kind === 'number') ? 'integer' : undefined
}

function referred(reference: string, root: unknown): unknown {
  if (reference !== '#' && !reference.startsWith('#/'))
    throw new Unclear('reference_unclear', `"${reference}" is elsewhere`)
  const parts = reference.split('/').slice(1)
  const names = parts.map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
  const found = names.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as SchemaObject)[name] : undefined,
    root,
  )
  if (found === undefined) throw new Unclear('reference_unclear', `"${reference}" leads nowhere`)
  return found
}

/** What the schemas of a form say with a keyword. */
export function wordsIn<Word>({ all }: Form, word: string): readonly Word[] {
  return all.flatMap((schema) => (schema[word] === undefined ? [] : [schema[word] as Word]))
}

/** Throws {@link Unclear} for a pattern that is not one of JavaScript. */
export function fitsPattern(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    throw new Unclear('keyword_unclear', `${JSON.stringify(pattern)} is no pattern`)
  }
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
