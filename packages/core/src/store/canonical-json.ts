// JSON values in the form in which every database returns them. Postgres stores them as jsonb, which has its own order of members. Without this a handler
// that depends on the order would see another row after a reload than before it.
import { compareTexts } from '../kernel/text.ts'

/** The value as a database returns it, or undefined if it does not fit. What JSON omits (a member that is undefined) is omitted. */
export function canonicalJson(value: unknown): unknown {
  try {
    const text = JSON.stringify(value)
    if (text === undefined || unkeepable.test(text)) return undefined
    // A number that JSON does not have becomes null, so only then there can be one.
    if (text.includes('null')) JSON.stringify(value, refuseNoNumber)
    return inOrder(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** JSON.stringify writes NUL and halves of surrogate pairs as escapes, and Postgres takes neither. */
const unkeepable = /(?<!\\)(\\\\)*\\u(0000|d[89a-f][0-9a-f]{2})/

/** NaN and Infinity would silently become null. */
function refuseNoNumber(_name: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError()
  return value
}

/**
 * With the members of all objects as jsonb has them: by the length of their names in UTF-8, then byte by byte. (Names that are whole numbers come first in
 * every object of JavaScript, in numeric order, and so they do when the text of a database is parsed.)
 */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(inOrder)
  const names = Object.keys(value)
  // They usually are: most values come from a canonical one.
  const isInOrder = names.every((name, at) => at === 0 || compareNames(names[at - 1]!, name) < 0)
  if (!isInOrder) names.sort(compareNames)
  return Object.fromEntries(names.map((name) => [name, inOrder((value as Record<string, unknown>)[name])]))
}

function compareNames(a: string, b: string): number {
  return Buffer.byteLength(a) - Buffer.byteLength(b) || compareTexts(a, b)
}
