import { describe, expect, test } from 'vitest'
import { bytesText, cells, cut, jsonLine, microsecondsText, padded, visible } from './text.ts'

describe('text for a terminal', () => {
  test('counts cells, not characters', () => {
    expect(['abc', 'Zürich', '送金', '🚀', 'e\u0301'].map(cells)).toEqual([3, 6, 4, 2, 1])
  })

  test('is cut at a cell and shows that it was', () => {
    expect(cut('deposit', 7)).toBe('deposit')
    expect(cut('deposit', 6)).toBe('depos…')
    expect(cut('送金送金', 6)).toBe('送金…')
    expect(cut('deposit', 0)).toBe('')
    expect(cells(cut('🚀'.repeat(1_000_000), 80))).toBeLessThanOrEqual(80)
  })

  test('is padded to cells', () => {
    expect(padded('送', 4)).toBe('送  ')
  })

  test('cannot move the cursor or turn the direction of reading', () => {
    expect(visible('a\x1b[31m\u009b\u202eb')).toBe('a\\u001b[31m\\u009b\\u202eb')
    expect(jsonLine({ a: '\u009b\u202e' })).toBe('{"a":"\\u009b\\u202e"}')
    expect(JSON.parse(jsonLine({ a: '\u009b\u202e' }))).toEqual({ a: '\u009b\u202e' })
  })
})

test('a state with values that JSON lacks still prints as JSON', () => {
  expect(jsonLine({ n: 12n, map: new Map([['a', 1]]), set: new Set([1]) })).toBe('{"n":"12","map":{"a":1},"set":[1]}')
  expect(jsonLine(undefined)).toBe('null')
})

test('bytes are told in the unit that fits', () => {
  expect([0, 1023, 1536, 64 * 1024 ** 2, 5 * 1024 ** 5].map(bytesText)).toEqual([
    '0 bytes',
    '1023 bytes',
    '1.5 KiB',
    '64.0 MiB',
    '5120.0 TiB',
  ])
})

test('times are told in the unit that fits', () => {
  expect([16, 512, 1024, 16_384, 2 ** 24].map(microsecondsText)).toEqual([
    '16 us',
    '512 us',
    '1.0 ms',
    '16.4 ms',
    '16.8 s',
  ])
})
