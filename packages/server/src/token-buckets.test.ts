import { expect, test } from 'vitest'
import { TokenBuckets } from './token-buckets.ts'

function buckets(options: { perSecond: number; burst: number; bucketsMax?: number }) {
  const clock = { now: 0 }
  return { clock, buckets: new TokenBuckets({ ...options, now: () => clock.now }) }
}

test('a caller may do a burst at once, then so much a second, and is told how long to wait', () => {
  const { clock, buckets: at } = buckets({ perSecond: 10, burst: 3 })
  expect([1, 2, 3].map(() => at.take('ann'))).toEqual([0, 0, 0])
  expect(at.take('ann')).toBe(100)
  clock.now = 40
  expect(at.take('ann')).toBe(60)
  clock.now = 100
  expect([at.take('ann'), at.take('ann')]).toEqual([0, 100])
  clock.now = 10_000
  expect([1, 2, 3, 4].map(() => at.take('ann'))).toEqual([0, 0, 0, 100])
})

test('callers do not use up the tokens of each other', () => {
  const { buckets: at } = buckets({ perSecond: 1, burst: 1 })
  expect([at.take('ann'), at.take('bob'), at.take('ann')]).toEqual([0, 0, 1000])
})

test('without a limit nothing is kept', () => {
  const { buckets: at } = buckets({ perSecond: Number.POSITIVE_INFINITY, burst: 1 })
  expect([at.take('ann'), at.take('ann'), at.size]).toEqual([0, 0, 0])
})

test('strangers neither make the table larger nor let a caller begin again', () => {
  const { clock, buckets: at } = buckets({ perSecond: 1, burst: 2, bucketsMax: 100 })
  at.take('greedy')
  at.take('greedy')
  for (let count = 0; count < 10_000; count++) at.take(`stranger ${count}`)
  // One more for the newcomers together.
  expect(at.size).toBeLessThanOrEqual(101)
  expect(at.take('greedy')).toBeGreaterThan(0)
  // The newcomers share a bucket, which is empty.
  expect(at.take('newcomer')).toBeGreaterThan(0)
  // When buckets are full again, they make room.
  clock.now = 5_000
  expect(at.take('newcomer')).toBe(0)
  expect(at.size).toBeLessThan(10)
})
