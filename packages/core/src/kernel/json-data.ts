// What an event may hold, as a type and at run time: only what JSON gives back as it was. A member that is undefined counts as one that is not there.

/** Data that JSON keeps, or bytes. For anything else the type names the member and what to do, so that the compiler's message can be read. */
export type JsonData<Data> = unknown extends Data
  ? unknown
  : Data extends Uint8Array
    ? unknown
    : [ChangedByJson<Data>] extends [never]
      ? unknown
      : {
          readonly [Problem in `JSON does not keep "${ChangedByJson<Data>}" of this event. Use text or a number.`]: never
        }

/** The paths of the members that JSON would change; never where there are none. */
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

/** What JSON would change of a value, for a message; undefined where that is nothing. */
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
  // JSON.stringify refuses what goes deeper, and cycles.
  if (depth > jsonDepthMax) return undefined
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const problem = changedByJson(value[index], `${path}[${index}]`, depth + 1)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
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
