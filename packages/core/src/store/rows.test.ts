import { expect, test } from 'vitest'
import { bigint, boolean, date, integer, json, text, timestamp } from '../kernel/tables.ts'
import { canonicalKey, canonicalRow } from './rows.ts'

const columns = {
  id: text().key(),
  n: integer(),
  b: bigint().nullable(),
  ok: boolean(),
  day: date(),
  at: timestamp(),
  doc: json(),
}
const table = { name: 't', columns, key: ['id'], fingerprint: '', code: '' }
const row = { id: 'a', n: 1, b: null, ok: true, day: '1993-01-31', at: '1993-01-31T10:00:00Z', doc: [1, { a: null }] }

test('a row that fits is accepted', () => {
  expect(canonicalRow(table, row)).toEqual({ ...row, at: '1993-01-31T10:00:00.000Z' })
})

test.each([
  ['id', 1],
  ['id', null],
  ['id', 'nul \0 byte'],
  ['n', 1.5],
  ['n', 2 ** 31],
  ['b', 2 ** 53],
  ['b', undefined],
  ['ok', 'true'],
  ['day', '31.1.1993'],
  ['at', '1993-01-31'],
  ['doc', undefined],
  ['doc', 1n],
  ['day', '1993-02-30'],
  ['at', '0001-01-00T00:00:00Z'],
  ['id', '\ud800'],
])('column %s does not take %s', (column, value) => {
  expect(() => canonicalRow(table, { ...row, [column]: value })).toThrow(
    expect.objectContaining({ code: 'invalid_row', details: { table: 't', column } }),
  )
})

test('an unknown column is refused, also one with the name of a property that every object has', () => {
  for (const name of ['more', 'constructor', '__proto__']) {
    const wrong = JSON.parse(`{ "${name}": 1 }`) as object
    expect(() =>
      canonicalRow(table, Object.defineProperties({ ...row }, Object.getOwnPropertyDescriptors(wrong))),
    ).toThrow(expect.objectContaining({ code: 'invalid_row' }))
  }
})

test.each([
  ['n', Number.NaN, 'NaN is not integer (a whole number of 32 bits)'],
  ['n', Number.NEGATIVE_INFINITY, '-Infinity is not integer ('],
  ['b', 5n, '5n is not bigint or null ('],
  ['id', undefined, 'there is no text (a string'],
  ['id', null, 'null is not text ('],
  ['id', 'nul \0', '"nul \\u0000" is not text (a string without NUL'],
  ['ok', () => true, 'a function is not boolean (true or false)'],
  ['day', {}, '{} is not date (a day such as "1993-01-31")'],
  ['doc', { a: [1, Number.NaN] }, '{"a":[1,null]} is not json (a value of JSON: no NaN'],
  ['doc', { a: 1n }, 'an object that is not JSON is not json ('],
])('for column %s and %s the message says what was given and what is expected', (column, value, problem) => {
  expect(() => canonicalRow(table, { ...row, [column]: value })).toThrow(`Table "t", column "${column}": ${problem}`)
})

test.each([
  [null, 'null'],
  [undefined, 'undefined'],
  [5, '5'],
  ['abc', '"abc"'],
  [[row], 'a list'],
])('%o is neither a row nor a key', (given, told) => {
  for (const [keep, what] of [
    [canonicalRow, 'a row'],
    [canonicalKey, 'a key'],
  ] as const) {
    expect(() => keep(table, given as never)).toThrow(
      expect.objectContaining({
        code: 'invalid_row',
        message: `Table "t": ${told} is not ${what}, which is an object by the columns: id, n, b, ok, day, at, doc.`,
      }),
    )
  }
})
