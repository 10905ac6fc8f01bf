import { describe, expect, test } from 'vitest'
import { escapeControls, formatBytes, formatMicroseconds, jsonLine, padToCells, truncate } from './text.ts'

describe('text for a terminal', () => {
  test('is padded by terminal cells, not by characters', () => {
    const texts = ['abc', 'Zürich', '送金', '🚀', 'e\u0301', '\x1b[1mab\x1b[22m']
    const spaces = texts.map((text) => padToCells(text, 6).length - text.length)
    expect(spaces).toEqual([3, 0, 2, 4, 5, 4])
  })

  test('is truncated at a cell boundary and shows that it was', () => {
    expect(truncate('deposit', 7)).toBe('deposit')
    expect(truncate('deposit', 6)).toBe('depos…')
    expect(truncate('送金送金', 6)).toBe('送金…')
    expect(truncate('deposit', 0)).toBe('')
    expect(truncate('🚀'.repeat(1_000_000), 80)).toBe(`${'🚀'.repeat(39)}…`)
    expect(truncate(`e${'\u0301'.repeat(1_000_000)}`, 2)).toMatch(/^e\u0301*…$/)
  })

  test('cannot move the cursor or turn the direction of reading', () => {
    expect(escapeControls('a\x1b[31m\u009b\u202eb')).toBe('a\\u001b[31m\\u009b\\u202eb')
    expect(jsonLine({ a: '\u009b\u202e' })).toBe('{"a":"\\u009b\\u202e"}')
    expect(JSON.parse(jsonLine({ a: '\u009b\u202e' }))).toEqual({ a: '\u009b\u202e' })
  })
})

test('a state with values that JSON does not have still prints as JSON', () => {
  expect(jsonLine({ n: 12n, map: new Map([['a', 1]]), set: new Set([1]) })).toBe('{"n":"12","map":{"a":1},"set":[1]}')
  expect(jsonLine(undefined)).toBe('null')
})

test('bytes are printed in the unit that fits', () => {
  expect([0, 1023, 1536, 64 * 1024 ** 2, 5 * 1024 ** 5].map(formatBytes)).toEqual([
    '0 bytes',
    '1023 bytes',
    '1.5 KiB',
    '64.0 MiB',
    '5120.0 TiB',
  ])
})

test('durations are printed in the unit that fits', () => {
  expect([16, 512, 1024, 16_384, 2 ** 24].map(formatMicroseconds)).toEqual([
    '16 us',
    '512 us',
    '1.0 ms',
    '16.4 ms',
    '16.8 s',
  ])
})
