import { expect, test } from 'vitest'
import { integer, json, keyColumns, keyText, text } from './tables.ts'

test('a table needs a key that is not nullable, and names that a database takes', () => {
  const code = expect.objectContaining({ code: 'invalid_declaration' })
  expect(() => keyColumns('t', { a: text() })).toThrow(code)
  expect(() => keyColumns('t', { a: text().nullable().key() })).toThrow(code)
  expect(() => keyColumns('t', { a: json().key() })).toThrow(code)
  expect(() => keyColumns('T; drop', { a: text().key() })).toThrow(code)
  expect(() => keyColumns('t', { 'a"b': text().key() })).toThrow(code)
  expect(keyColumns('t', { a: text().key(), b: text(), c: integer().key() })).toEqual(['a', 'c'])
})

test('keys of several columns cannot be confused', () => {
  expect(keyText(['a', 'b'], { a: 'x,y', b: 'z' })).not.toBe(keyText(['a', 'b'], { a: 'x', b: 'y,z' }))
})
