import fc from 'fast-check'
import { expect, test } from 'vitest'
import { epochMs, instant, lastMsOf, upTo } from './time.ts'

test('days and date-times with a zone are times', () => {
  expect(epochMs('1970-01-02')).toBe(86_400_000)
  expect(epochMs('1970-01-01T01:00:00+01:00')).toBe(0)
  expect(epochMs('1970-01-01T00:00:00.5Z')).toBe(500)
  expect(epochMs('2024-02-29')).toBe(Date.UTC(2024, 1, 29))
})

test.each([
  '',
  'yesterday',
  '1993',
  '1993-13-01',
  '0001-01-00',
  '1993-02-29',
  '1993-02-30',
  '1993-02-31T00:00:00Z',
  '1993-1-1',
  '1993-01-01T00:00:00',
  '1993-01-01 00:00:00Z',
  '1993-01-01T25:00:00Z',
])('"%s" is not a time', (text) => {
  expect(() => epochMs(text)).toThrow(expect.objectContaining({ code: 'invalid_time' }))
})

test('an instant converts back to the same milliseconds, and instants sort as their milliseconds do', () => {
  const ms = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })
  fc.assert(
    fc.property(ms, ms, (a, b) => {
      expect(epochMs(instant(a))).toBe(a)
      expect(instant(a) < instant(b)).toBe(a < b)
    }),
  )
})

test('a date-time is a point, and a day is all of it, up to the first instant of the next one', () => {
  const noon = epochMs('2026-01-31T12:00:00Z')
  expect([lastMsOf('2026-01-31T12:00:00Z'), lastMsOf('2026-01-31T12:00:00Z', { before: true })]).toEqual([
    noon,
    noon - 1,
  ])
  expect(lastMsOf('2026-01-31')).toBe(epochMs('2026-02-01') - 1)
  expect(lastMsOf('2026-01-31', { before: true })).toBe(epochMs('2026-01-31') - 1)
})

test.each([
  ['2026-01-31', '2026-01-31', true],
  ['2026-01-31', '2026-01-31T23:59:59.999999999Z', true],
  ['2026-01-31', '2026-02-01', false],
  ['2026-01-31', '2026-02-01T00:30:00+01:00', true],
  ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00Z', true],
  ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000000001Z', false],
  ['2026-01-31T12:00:00.0005Z', '2026-01-31T12:00:00.0005Z', true],
  ['2026-01-31T12:00:00.0005Z', '2026-01-31T12:00:00.00050001Z', false],
  ['2026-01-31T00:00:00Z', '2026-01-31', true],
  ['2026-01-30T23:59:59.999999999Z', '2026-01-31', false],
])('up to %s: is %s in? %s. Nothing is rounded', (point, time, isIn) => {
  expect(upTo(point)(time)).toBe(isIn)
})
