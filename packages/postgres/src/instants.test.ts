import { expect, test } from 'vitest'
import { instantText } from './instants.ts'

test.each([
  ['2026-11-23 04:28:43.125+00', '2026-11-23T04:28:43.125Z'],
  ['2026-11-23 04:28:43+00', '2026-11-23T04:28:43.000Z'],
  ['2026-11-23 04:28:43.1259+00', '2026-11-23T04:28:43.125Z'],
  ['2026-11-23 09:58:43.125+05:30', '2026-11-23T04:28:43.125Z'],
  ['2026-11-22 20:28:43.125-08', '2026-11-23T04:28:43.125Z'],
  ['0001-01-01 00:00:00+00', '0001-01-01T00:00:00.000Z'],
])('%s is %s', (written, instant) => {
  expect(instantText(written)).toBe(instant)
})

test.each(['infinity', '10000-01-01 00:00:00+00', '0044-03-15 12:00:00+00 BC', '23.11.2026 04:28:43 UTC'])(
  '%s does not have our form and stays unchanged',
  (written) => {
    expect(instantText(written)).toBe(written)
  },
)
