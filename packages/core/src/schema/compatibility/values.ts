// JSON values, as schemas see them.

export type Kind = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object'

export type SchemaObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function kindOf(value: unknown): Kind {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value as Kind
}

/** Whatever the order of their members. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((value, index) => equalJson(value, b[index]))
  }
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every(
    (name) => Object.hasOwn(b, name) && equalJson((a as SchemaObject)[name], (b as SchemaObject)[name]),
  )
}

/** Whether what it says depends on where a reference leads. */
export function hasReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, part]) => name === '$ref' || name === '$dynamicRef' || hasReference(part))
}

const kindWords: Readonly<Record<Kind, string>> = {
  null: 'null',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  string: 'text',
  array: 'a list',
  object: 'an object',
}

export function kindsText(kinds: readonly Kind[]): string {
  const words = [...new Set(kinds)].map((kind) => kindWords[kind])
  if (words.length === 0) return 'nothing'
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** For messages: at most five. */
export function valuesText(values: readonly unknown[]): string {
  const shown = values.slice(0, 5).map((value) => JSON.stringify(value))
  return values.length > 5 ? `${shown.join(', ')} and ${values.length - 5} more` : shown.join(', ')
}
