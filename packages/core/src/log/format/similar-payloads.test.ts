// Payloads of the same shape are parsed faster. The result equals that of JSON.parse, or the parser leaves the payload to JSON.parse.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecentTexts, SimilarPayloads } from './similar-payloads.ts'

/** Parses texts one after the other and compares every result with JSON.parse. */
function parsedAlike(texts: readonly string[]): unknown[] {
  const parser = new SimilarPayloads(new RecentTexts())
  return texts.map((text) => {
    const bytes = Buffer.from(`before${text}behind`)
    const parsed = parser.parse(bytes, 6, bytes.length - 6)
    if (parsed !== undefined) expect(parsed).toStrictEqual(JSON.parse(text))
    return parsed
  })
}

const scalar = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1000, max: 1000 }).map((cents) => cents / 100),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(true, false, null, -0, 'EUR', 'ü', '"', '\\', 'a text of more than twenty-four bytes'),
)
const value = fc.record({ a: scalar, 'b c': scalar, deep: fc.record({ x: scalar, empty: fc.constant({}), y: scalar }) })

test('parsed values equal those of JSON.parse', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 20 }), (values) => {
      parsedAlike(values.map((each) => JSON.stringify(each)))
    }),
  )
})

test('a text that is changed anywhere gives the result of JSON.parse, or none', () => {
  const signs = [...'0123456789.,:-+eE"{}[]\\ tfnu\u0001\u007fü']
  fc.assert(
    fc.property(value, fc.nat(), fc.constantFrom(...signs), fc.boolean(), (each, where, sign, replaces) => {
      const text = JSON.stringify(each)
      const at = where % (text.length + 1)
      const changed = `${text.slice(0, at)}${sign}${text.slice(replaces ? at + 1 : at)}`
      parsedAlike([text, text, changed])
    }),
    { numRuns: 3000 },
  )
})

test('simple payloads are recognised, also with spaces and in several shapes', () => {
  const kinds = [
    (n: number) => `{"amount":${n},"currency":"EUR","booked":${n % 2 === 0},"to":null}`,
    (n: number) => ` { "at" : { "x" : -${n}.25, "y" : "text ${n}" } } `,
  ]
  const texts = Array.from({ length: 200 }, (_, n) => kinds[n % 2]!(n))
  expect(parsedAlike(texts).slice(20).includes(undefined)).toBe(false)
})

test.each([
  '{"a":1,"a":2}',
  '{"__proto__":1}',
  '{"\\u0061":1}',
  '{"a":[1]}',
  '[1]',
  '"text"',
  '{"ü":1}',
  `${'{"a":'.repeat(20)}1${'}'.repeat(20)}`,
  '{"a":12345678901234567890}',
  '{"a":1e5}',
])('%s is left to JSON.parse', (text) => {
  expect(parsedAlike([text, text, text])).toEqual([undefined, undefined, undefined])
})
