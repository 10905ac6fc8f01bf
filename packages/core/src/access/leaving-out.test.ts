import fc from 'fast-check'
import { expect, test } from 'vitest'
import { only, without } from './leaving-out.ts'

test('paths lead through objects and lists', () => {
  const data = { name: 'ann', lines: [{ product: 'tea', price: 2 }, { price: 3 }], address: { street: 's', city: 'c' } }
  expect(without(data, ['name', 'lines.product', 'address.street', 'no.such'])).toEqual({
    lines: [{ price: 2 }, { price: 3 }],
    address: { city: 'c' },
  })
  expect(only(data, ['name', 'lines.price', 'no.such'])).toEqual({ name: 'ann', lines: [{ price: 2 }, { price: 3 }] })
  expect(only(data, ['address', 'address.city'])).toEqual({ address: { street: 's', city: 'c' } })
  expect([without(null, ['a']), without('text', ['a']), only('text', ['a'])]).toEqual([null, 'text', null])
})

const names = ['a', 'b', 'c', '__proto__', 'constructor']
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(1, null, 'x', true),
    fc.array(tie('value'), { maxLength: 3 }),
    // As JSON.parse makes them: __proto__ is a member like others.
    fc.array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 4 }).map(Object.fromEntries),
  ),
})).value
const paths = fc.array(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }), { maxLength: 4 })

/** The values of all members, by their paths without the marks of lists. */
function members(value: unknown, at: readonly string[] = []): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => members(each, at))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [[...at, name].join('.'), ...members(inner, [...at, name])])
}

test('what is left out is gone wherever it was, and nothing else is', () => {
  fc.assert(
    fc.property(json, paths, (value, given) => {
      const before = JSON.stringify(value)
      const texts = given.map((path) => path.join('.'))
      const isUnder = (path: string) => texts.some((text) => path === text || path.startsWith(`${text}.`))
      const isAbove = (path: string) => texts.some((text) => text.startsWith(`${path}.`))
      expect(members(without(value, texts))).toEqual(members(value).filter((path) => !isUnder(path)))
      const kept = new Set(members(only(value, texts)))
      for (const path of kept) expect(isUnder(path) || isAbove(path)).toBe(true)
      for (const path of members(value)) if (isUnder(path)) expect(kept).toContain(path)
      expect(JSON.stringify(value)).toBe(before)
    }),
  )
})
