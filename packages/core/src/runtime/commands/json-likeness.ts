// Whether a value is the same after it was written to JSON and read again: null, booleans, finite numbers, text, and lists and plain objects of these.
import { snapshotDepthMax, snapshotPartsMax } from '../limits.ts'

export interface JsonLikeness {
  /** A member that is undefined counts as missing, and -0 as 0, as JSON writes them. */
  readonly isLenient?: boolean
}

/** What JSON would change in a value, as the end of a sentence; undefined if it changes nothing. Never throws. */
export function unlikeJson(value: unknown, { isLenient = false }: JsonLikeness = {}): string | undefined {
  // A list instead of the call stack, because a deep value would overflow the stack. A cycle reaches the greatest depth.
  const pending: { readonly part: unknown; readonly depth: number }[] = [{ part: value, depth: 1 }]
  let parts = 0
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { part, depth } = next
    if (typeof part !== 'object' || part === null) {
      const problem = isLenient && Object.is(part, -0) ? undefined : unlikeJsonAlone(part)
      if (problem !== undefined) return problem
      continue
    }
    if (depth > snapshotDepthMax) return `refers to itself, or has more than ${snapshotDepthMax} levels`
    const problem = Array.isArray(part) ? unlikeList(part) : unlikePlain(part)
    if (problem !== undefined) return problem
    const inside: readonly unknown[] = Array.isArray(part) ? part : Object.values(part)
    parts += inside.length
    if (parts > snapshotPartsMax) return `has more than ${snapshotPartsMax} parts`
    const isDropped = (each: unknown) => isLenient && each === undefined && !Array.isArray(part)
    for (const each of inside) if (!isDropped(each)) pending.push({ part: each, depth: depth + 1 })
  }
  return undefined
}

function unlikeJsonAlone(value: unknown): string | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0)
      ? undefined
      : `contains ${Object.is(value, -0) ? '-0' : value}`
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return undefined
  return value === undefined ? 'contains a member that is undefined' : `contains a ${typeof value}`
}

function unlikeList(list: readonly unknown[]): string | undefined {
  if (Object.getPrototypeOf(list) !== Array.prototype) return 'contains a list of another class'
  const keys = Reflect.ownKeys(list)
  // Each item, and the length.
  if (keys.length < list.length + 1) return 'contains a list with holes'
  return keys.length > list.length + 1 ? 'contains a list with members' : undefined
}

function unlikePlain(object: object): string | undefined {
  const prototype = Object.getPrototypeOf(object)
  if (prototype === null) return 'contains an object without a prototype'
  if (prototype !== Object.prototype) return `contains a ${prototype.constructor?.name || 'object of a class'}`
  for (const key of Reflect.ownKeys(object)) {
    if (typeof key === 'symbol') return 'contains a member whose name is a symbol'
    const { enumerable, get, set } = Object.getOwnPropertyDescriptor(object, key)!
    if (get || set) return 'contains a member with a getter or setter'
    if (!enumerable) return 'contains a member that is not enumerable'
    if (key === 'toJSON') return 'contains a member named toJSON'
  }
  return undefined
}
