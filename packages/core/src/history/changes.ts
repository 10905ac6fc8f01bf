// What differs between two values, field by field.
import { canonicalText } from '../kernel/canonical.ts'

/** A field that differs. A value that is not there is undefined. */
export interface Change {
  /** The names on the way to the field, joined by "/": `balance`, `lines/0/amount`. In a name, "~" is `~0` and "/" is `~1`, as in JSON Pointer (RFC 6901). Empty for the whole. */
  readonly field: string
  readonly before?: unknown
  readonly after?: unknown
}

/** The fields that differ, each as deep as both values have it. */
export function changesBetween(before: unknown, after: unknown, field = ''): readonly Change[] {
  if (isSame(before, after)) return []
  if (!isBranch(before) || !isBranch(after) || Array.isArray(before) !== Array.isArray(after)) {
    return [{ field, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }]
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap((name) => changesBetween(own(before, name), own(after, name), fieldIn(field, name)))
}

/** The fields of a value that have no fields themselves. */
export function leavesOf(value: unknown, field = ''): readonly { readonly field: string; readonly value: unknown }[] {
  if (!isBranch(value) || Object.keys(value).length === 0) return value === undefined ? [] : [{ field, value }]
  return Object.entries(value).flatMap(([name, each]) => leavesOf(each, fieldIn(field, name)))
}

/** The value of a field, or undefined. */
export function fieldOf(value: unknown, field: string): unknown {
  let found = value
  for (const name of field === '' ? [] : field.split('/')) {
    found = isBranch(found) ? own(found, name.replaceAll('~1', '/').replaceAll('~0', '~')) : undefined
  }
  return found
}

/** The field that is empty in a value because its last field is gone, if so: none, or one. */
export function emptiedBy(gone: string, value: unknown): readonly { readonly field: string }[] {
  if (gone === '') return []
  const field = gone.slice(0, Math.max(0, gone.lastIndexOf('/')))
  const outer = fieldOf(value, field)
  return isBranch(outer) && Object.keys(outer).length === 0 ? [{ field }] : []
}

/** Whether a field is another one, or in it. */
export function isWithin(field: string, outer: string): boolean {
  return outer === '' || field === outer || field.startsWith(`${outer}/`)
}

export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  const text = canonicalText(one)
  return text !== undefined && text === canonicalText(other)
}

function fieldIn(outer: string, name: string): string {
  const escaped = name.replaceAll('~', '~0').replaceAll('/', '~1')
  return outer === '' ? escaped : `${outer}/${escaped}`
}

/** Not what each object inherits, such as `constructor`. */
function own(branch: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(branch, name) ? branch[name] : undefined
}

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  if (Array.isArray(value)) return true
  const prototype = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined
  return prototype !== undefined && (prototype === null || Object.getPrototypeOf(prototype) === null)
}
