import { expect, test } from 'vitest'
import { bigint, boolean, date, integer, json, text, timestamp } from '../kernel/tables.ts'
import { keptRow } from './rows.ts'

const columns = {
  id: text().key(),
  n: integer(),
  b: bigint().nullable(),
  ok: boolean(),
  day: date(),
  at: timestamp(),
  doc: json(),
}
const table = { name: 't', columns, key: ['id'], fingerprint: '' }
const row = { id: 'a', n: 1, b: null, ok: true, day: '1993-01-31', at: '1993-01-31T10:00:00Z', doc: [1, { a: null }] }

test('a row that fits is accepted', () => {
  expect(keptRow(table, row)).toEqual({ ...row, at: '1993-01-31T10:00:00.000Z' })
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
  expect(() => keptRow(table, { ...row, [column]: value })).toThrow(
    expect.objectContaining({ code: 'invalid_row', details: { table: 't', column } }),
  )
})

test('a column that is not there is refused, also one that every object has', () => {
  for (const name of ['more', 'constructor', '__proto__']) {
    const wrong = JSON.parse(`{ "${name}": 1 }`) as object
    expect(() => keptRow(table, Object.defineProperties({ ...row }, Object.getOwnPropertyDescriptors(wrong)))).toThrow(
      expect.objectContaining({ code: 'invalid_row' }),
    )
  }
})
