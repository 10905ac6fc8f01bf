import { expect, test } from 'vitest'
import { bigint, boolean, checkRow, date, integer, json, keyColumns, keyText, text, timestamp } from './tables.ts'

const columns = {
  id: text().key(),
  n: integer(),
  b: bigint().nullable(),
  ok: boolean(),
  day: date(),
  at: timestamp(),
  doc: json(),
}
const row = { id: 'a', n: 1, b: null, ok: true, day: '1993-01-31', at: '1993-01-31T10:00:00Z', doc: [1, { a: null }] }

test('a row that fits is accepted', () => {
  checkRow({ name: 't', columns }, row)
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
])('column %s does not take %j', (column, value) => {
  expect(() => checkRow({ name: 't', columns }, { ...row, [column]: value })).toThrow(
    expect.objectContaining({ code: 'invalid_row', details: { table: 't', column } }),
  )
})

test('a column that is not there is refused, also one that every object has', () => {
  for (const name of ['more', 'constructor', '__proto__']) {
    const wrong = JSON.parse(`{ "${name}": 1 }`) as object
    expect(() =>
      checkRow({ name: 't', columns }, Object.defineProperties({ ...row }, Object.getOwnPropertyDescriptors(wrong))),
    ).toThrow(expect.objectContaining({ code: 'invalid_row' }))
  }
})

test('a table needs a key that is not nullable, and names that a database takes', () => {
  const code = expect.objectContaining({ code: 'invalid_declaration' })
  expect(() => keyColumns('t', { a: text() })).toThrow(code)
  expect(() => keyColumns('t', { a: text().nullable().key() })).toThrow(code)
  expect(() => keyColumns('T; drop', { a: text().key() })).toThrow(code)
  expect(() => keyColumns('t', { 'a"b': text().key() })).toThrow(code)
  expect(keyColumns('t', { a: text().key(), b: text(), c: integer().key() })).toEqual(['a', 'c'])
})

test('keys of several columns cannot be confused', () => {
  expect(keyText(['a', 'b'], { a: 'x,y', b: 'z' })).not.toBe(keyText(['a', 'b'], { a: 'x', b: 'y,z' }))
})
