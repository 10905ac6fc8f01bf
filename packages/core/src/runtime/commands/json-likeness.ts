// Whether JSON gives a value back as it was: null, booleans, finite numbers, text, and lists and plain objects of such.
import { snapshotDepthMax, snapshotPartsMax } from '../limits.ts'

/** What JSON would change of a value, as the end of a sentence; undefined where it is nothing. Never throws. */
export function unlikeJson(value: unknown): string | undefined {
  // A list of its own instead of the call stack, which a deep value would overflow. A cycle comes to the greatest depth.
  const pending: { readonly part: unknown; readonly depth: number }[] = [{ part: value, depth: 1 }]
  let parts = 0
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { part, depth } = next
    if (typeof part !== 'object' || part === null) {
      const problem = unlikeJsonAlone(part)
      if (problem !== undefined) return problem
      continue
    }
    if (depth > snapshotDepthMax) return `refers to itself, or has more than ${snapshotDepthMax} levels`
    const problem = Array.isArray(part) ? unlikeList(part) : unlikePlain(part)
    if (problem !== undefined) return problem
    const inside: readonly unknown[] = Array.isArray(part) ? part : Object.values(part)
    parts += inside.length
    if (parts > snapshotPartsMax) return `has more than ${snapshotPartsMax} parts`
    for (const each of inside) pending.push({ part: each, depth: depth + 1 })
  }
  return undefined
}

function unlikeJsonAlone(value: unknown): string | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? undefined : `holds ${Object.is(value, -0) ? '-0' : value}`
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return undefined
  return value === undefined ? 'holds a member that is undefined' : `holds a ${typeof value}`
}

function unlikeList(list: readonly unknown[]): string | undefined {
  if (Object.getPrototypeOf(list) !== Array.prototype) return 'holds a list of a class of its own'
  const keys = Reflect.ownKeys(list)
  // Each item, and the length.
  if (keys.length < list.length + 1) return 'holds a list with holes'
  return keys.length > list.length + 1 ? 'holds a list that has members' : undefined
}

function unlikePlain(object: object): string | undefined {
  const prototype = Object.getPrototypeOf(object)
  if (prototype === null) return 'holds an object without a prototype'
  if (prototype !== Object.prototype) return `holds a ${prototype.constructor?.name || 'object of a class'}`
  for (const key of Reflect.ownKeys(object)) {
    if (typeof key === 'symbol') return 'holds a member named by a symbol'
    const { enumerable, get, set } = Object.getOwnPropertyDescriptor(object, key)!
    if (get || set) return 'holds a member that is computed'
    if (!enumerable) return 'holds a member that is not enumerable'
    if (key === 'toJSON') return 'holds a member named toJSON'
  }
  return undefined
}
