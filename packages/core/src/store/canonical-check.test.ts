import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bigint, boolean, date, integer, json, keyColumns, type Row, text, timestamp } from '../kernel/tables.ts'
import { canonicalCheck } from './canonical-check.ts'
import { canonicalRow } from './rows.ts'

const columns = {
  id: text().key(),
  small: integer().nullable(),
  large: bigint(),
  flag: boolean().nullable(),
  day: date().nullable(),
  at: timestamp().nullable(),
  doc: json().nullable(),
}
const table = { name: 'samples', columns, key: keyColumns('samples', columns), fingerprint: 'f', code: 'c' }

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, 2 ** 31, -(2 ** 31), 2 ** 53, Number.MAX_SAFE_INTEGER, Number.NaN),
)
const anything = fc.oneof(
  number,
  fc.string({ unit: 'binary' }),
  fc.constantFrom(null, undefined, true, false, 'nul \0', 'half \ud83d', '1993-01-31', '1993-01-31T00:00:00.000Z', {}),
)
const row = fc.record(
  { id: anything, small: anything, large: anything, flag: anything, day: anything, at: anything, doc: anything },
  { requiredKeys: ['id', 'large'] },
)
/** Mostly rows that fit. */
const fitting = fc.record({
  id: fc.string({ unit: 'binary' }),
  small: fc.oneof(fc.integer({ min: -9, max: 9 }), number, fc.constant(null)),
  large: fc.oneof(fc.integer(), number),
  flag: fc.option(fc.boolean()),
  day: fc.constantFrom(null, '1993-01-31', '1993-02-31'),
  at: fc.constantFrom(null, '1993-01-31T00:00:00.000Z', '1993-01-31T00:00:00+01:00'),
  doc: fc.constantFrom(null, 'x'),
})

function canonical(value: Row): Row | undefined {
  try {
    return canonicalRow(table, value)
  } catch {
    return undefined
  }
}

test('a row that the check calls canonical is stored unchanged', () => {
  const isCanonical = canonicalCheck(table)
  const count = { known: 0 }
  const same = (value: Row, before: Row | undefined) => {
    if (!isCanonical(value, before)) return
    count.known++
    const again = canonical(value)
    expect(again).toEqual(value)
    for (const name of Object.keys(columns)) expect(Object.is(again?.[name], value[name])).toBe(true)
  }
  fc.assert(
    fc.property(fc.oneof(row, fitting), fitting, fc.subarray(Object.keys(columns)), (value, other, changed) => {
      const before = canonical(other)
      same(value, before)
      // As handlers make a row: the earlier row with some columns changed.
      const changes = Object.fromEntries(changed.map((name) => [name, (value as Row)[name]]))
      if (before) same({ ...before, ...changes }, before)
    }),
    { numRuns: 3000 },
  )
  expect(count.known).toBeGreaterThan(100)
})

test('a row made from a stored one is recognised as canonical if only numbers, booleans and strings changed', () => {
  const isCanonical = canonicalCheck(table)
  const before = canonicalRow(table, {
    id: 'a',
    small: 1,
    large: 2,
    flag: true,
    day: '1993-01-31',
    at: '1993-01-31T00:00:00Z',
    doc: { a: 1 },
  })
  expect(isCanonical({ ...before, small: 5, large: -7, flag: null }, before)).toBe(true)
  expect(isCanonical({ ...before, large: 1.5 }, before)).toBe(false)
  expect(isCanonical({ ...before, large: -0 }, { ...before, large: 0 })).toBe(false)
  expect(isCanonical({ ...before, extra: 1 }, before)).toBe(false)
  expect(isCanonical({ ...before, doc: { a: 1 } }, before)).toBe(false)
  expect(isCanonical(Object.assign(Object.create({ flag: true }), { ...before, flag: undefined }), before)).toBe(false)
})
