// What an event may contain, as a type and at run time: only values that JSON gives back unchanged. A member that is undefined counts as missing.
import type { Schema } from './schemas.ts'

/** A schema whose data JSON can store, or bytes. Any other schema becomes a text for the error of the compiler: the member, and what to do. */
export type JsonSchema<Data, Input> = unknown extends Data
  ? Schema<Data, Input>
  : [Data] extends [Uint8Array]
    ? Schema<Data, Input>
    : [ChangedByJson<Data>] extends [never]
      ? Schema<Data, Input>
      : ChangedMessage<ChangedByJson<Data>>

type ChangedMessage<Path extends string> = Path extends ''
  ? 'JSON does not keep these data: use text or a number'
  : `JSON does not keep the member ${Path}: use text or a number`

/** The paths of the members that JSON would change; never if there are none. */
type ChangedByJson<Value, Path extends string = ''> = Value extends string | number | boolean | null | undefined
  ? never
  : Value extends NotJson
    ? Path
    : Value extends readonly (infer Item)[]
      ? ChangedByJson<Item, `${Path}[]`>
      : Value extends object
        ? {
            [Key in keyof Value & string]: unknown extends Value[Key]
              ? never
              : ChangedByJson<Value[Key], Path extends '' ? Key : `${Path}.${Key}`>
          }[keyof Value & string]
        : never

type NotJson =
  | bigint
  | symbol
  | Date
  | RegExp
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ArrayBufferView
  | ArrayBuffer
  | ((...args: never) => unknown)

/** What JSON would change in a value, for a message; undefined if it changes nothing. */
export function changedByJson(value: unknown, path = '', depth = 0): string | undefined {
  if (value === null || value === undefined) return undefined
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : at(path, String(value))
    case 'object':
      break
    default:
      return at(path, `a ${typeof value}`)
  }
  // JSON.stringify throws for deeper values and for cycles.
  if (depth > jsonDepthMax) return undefined
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (value[index] === undefined) return at(`${path}[${index}]`, 'undefined')
      const problem = changedByJson(value[index], `${path}[${index}]`, depth + 1)
      if (problem !== undefined) return problem
    }
    return Object.keys(value).length === value.length ? undefined : at(path, 'a list with members')
  }
  const prototype = Object.getPrototypeOf(value)
  // A plain object of another realm has a prototype that has none.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    return at(path, `a ${prototype.constructor?.name || 'class instance'}`)
  for (const key in value) {
    const problem = changedByJson((value as Record<string, unknown>)[key], path ? `${path}.${key}` : key, depth + 1)
    if (problem !== undefined) return problem
  }
  return undefined
}

function at(path: string, what: string): string {
  return path ? `"${path}" is ${what}` : `they are ${what}`
}

const jsonDepthMax = 500
