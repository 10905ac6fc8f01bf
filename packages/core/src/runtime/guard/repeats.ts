// Domain code that is called twice with the same input must answer the same. This finds what the other laws' guards cannot see: a clock that a module took
// hold of before, a counter of a module.
import { isDeepStrictEqual } from 'node:util'
import { canonicalText } from '../../kernel/canonical.ts'
import { shown } from '../../kernel/shown.ts'

/** Where two answers differ, and how: `data.amount was 1 and then 2`. Nothing if they are the same, or contain something that cannot be compared. */
export function differenceOf(first: unknown, second: unknown): string | undefined {
  // Parts that both share are passed at once, as in states that were made by a spread.
  if (isDeepStrictEqual(first, second)) return undefined
  const [text, again] = [canonicalText(first), canonicalText(second)]
  if (text === undefined || again === undefined || text === again) return undefined
  return placeOfDifference(first, second)
}

function placeOfDifference(first: unknown, second: unknown, path = ''): string {
  if (isPlain(first) && isPlain(second)) {
    for (const name of new Set([...Object.keys(first), ...Object.keys(second)])) {
      const step = Array.isArray(first) ? `[${name}]` : path === '' ? name : `.${name}`
      const [one, other] = [first[name], second[name]]
      if (!isDeepStrictEqual(one, other)) return placeOfDifference(one, other, `${path}${step}`)
    }
  }
  return `${path === '' ? 'the answer' : path} was ${shown(first)} and then ${shown(second)}`
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value) as unknown
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null
}
