// Values that were written into a column are read back, in the order that was asked for.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SectionList } from './column-file.ts'
import { ColumnValues } from './column-values.ts'
import { loadColumn, valueAt } from './load-column.ts'

/** Writes the values to a column in reverse order and reads them back; also returns how they were encoded. */
function reversed(values: readonly unknown[]): { is: string; choices?: number; values: unknown[] } {
  const column = new ColumnValues()
  for (const value of values) column.push(value)
  const sections = new SectionList()
  const order = Uint32Array.from(values, (_, row) => values.length - 1 - row)
  const plan = JSON.parse(JSON.stringify(column.encode(order, sections)))
  const read = (section: number) => {
    const { buffer, byteOffset, byteLength } = sections.all[section]!
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
  }
  const loaded = loadColumn(plan, read)
  const choices = plan.is === 'choice' ? { choices: plan.choices.count } : {}
  return { is: plan.is, ...choices, values: values.map((_, row) => valueAt(loaded, row)) }
}

const scalars = {
  text: fc.string({ unit: 'binary', maxLength: 12 }),
  longText: fc.string({ unit: 'grapheme', minLength: 200, maxLength: 400 }),
  few: fc.constantFrom('EUR', 'USD', 'ü', '€', ''),
  whole: fc.integer(),
  small: fc.integer({ min: -200, max: 300 }),
  number: fc.double({ noNaN: true }),
  bool: fc.boolean(),
  null: fc.constant(null),
  array: fc.array(fc.oneof(fc.integer(), fc.string({ maxLength: 3 }), fc.constant(null)), { maxLength: 3 }),
}
/** Long runs of one kind of value, then of another: a column changes its encoding only a few times. */
const values = fc
  .array(
    fc.constantFrom(...Object.values(scalars)).chain((kind) => {
      return fc.oneof(fc.array(kind as fc.Arbitrary<unknown>, { maxLength: 30 }), repeated(kind))
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((rows) => rows.flat())
  .filter(({ length }) => length > 0)

function repeated(kind: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  return fc.tuple(kind, fc.integer({ min: 1, max: 20 })).map(([value, count]) => new Array(count).fill(value))
}

test('values of all kinds, in runs or mixed, read back correctly', () => {
  fc.assert(
    fc.property(values, (given) => {
      expect(reversed(given).values).toStrictEqual([...given].reverse())
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['4,096 different texts are choices', 4096, 3, 'choice'],
  ['one more is too many', 4097, 3, 'text'],
  ['texts of which more than half are different are no choices', 100, 1, 'text'],
  ['half of them are', 100, 2, 'choice'],
])('%s', (_, different, times, is) => {
  const given = Array.from({ length: different * times }, (_, n) => `text ${n % different}`)
  const choices = is === 'choice' ? { choices: different } : {}
  expect(reversed(given)).toStrictEqual({ is, ...choices, values: given.toReversed() })
})
