import { expect, test } from 'vitest'
import { integer, json, keyColumns, keyText, previousTableName, stagingTable, text } from './tables.ts'

test('a table needs a key without nullable columns, and names that a database accepts', () => {
  const code = expect.objectContaining({ code: 'invalid_declaration' })
  expect(() => keyColumns('t', { a: text() })).toThrow(code)
  expect(() => keyColumns('t', { a: text().nullable().key() })).toThrow(code)
  expect(() => keyColumns('t', { a: json().key() })).toThrow(code)
  expect(() => keyColumns('T; drop', { a: text().key() })).toThrow(code)
  expect(() => keyColumns('t', { 'a"b': text().key() })).toThrow(code)
  expect(keyColumns('t', { a: text().key(), b: text(), c: integer().key() })).toEqual(['a', 'c'])
})

test('a name that the database or JavaScript reserves is refused with a message that says so', () => {
  const taken = (name: string) =>
    expect.objectContaining({
      code: 'invalid_declaration',
      message: expect.stringContaining(`"${name}" cannot name a`),
    })
  for (const name of ['xmin', 'xmax', 'cmin', 'cmax', 'ctid', 'tableoid', '__proto__']) {
    const columns = Object.fromEntries([
      ['id', text().key()],
      [name, integer()],
    ])
    expect(() => keyColumns('t', columns)).toThrow(taken(name))
  }
  expect(() => keyColumns('indelible_projections', { id: text().key() })).toThrow(taken('indelible_projections'))
  expect(keyColumns('xmin', { id: text().key(), oid: integer() })).toEqual(['id'])
})

test('a table name leaves room for the names of its staging and previous tables, and cannot be one of those', () => {
  const code = expect.objectContaining({ code: 'invalid_declaration' })
  const longest = 'n'.repeat(53)
  const columns = { a: text().key() }
  expect(keyColumns(longest, columns)).toEqual(['a'])
  for (const name of [`${longest}n`, 't__staging', 't__previous']) expect(() => keyColumns(name, columns)).toThrow(code)
  const table = { name: longest, columns, key: ['a'], fingerprint: '1', code: '1' }
  for (const name of [stagingTable(table).name, previousTableName(longest)]) {
    expect(name.length).toBeLessThan(64)
    expect(() => keyColumns(name, columns)).toThrow(code)
  }
})

test('keys of several columns have distinct texts', () => {
  expect(keyText(['a', 'b'], { a: 'x,y', b: 'z' })).not.toBe(keyText(['a', 'b'], { a: 'x', b: 'y,z' }))
})
