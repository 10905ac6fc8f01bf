import { expect, test } from 'vitest'
import { isUuid, uuidV7 } from './ids.ts'

const fillRandom = (bytes: Uint8Array) => void bytes.fill(0xff)

test('ids have the form, version and variant of RFC 9562 and carry the time', () => {
  const id = uuidV7({ clock: { now: () => 0x0123456789ab }, fillRandom })()
  expect(id).toBe('01234567-89ab-7000-bfff-ffffffffffff')
  expect(isUuid(id)).toBe(true)
})

test('ids sort in the order in which they were made, also within one millisecond and when the clock goes back', () => {
  const times = [5, 5, 5, 4, 3, 6, 6]
  const ids = uuidV7({ clock: { now: () => times.shift() ?? 6 }, fillRandom })
  const made = Array.from({ length: 10_000 }, ids)
  expect(made).toEqual([...made].sort())
  expect(new Set(made).size).toBe(made.length)
})
