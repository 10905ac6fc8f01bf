import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { every, timer } from './timers.ts'

const day = 86_400_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test.each([0, 1, 5_000, 24 * day, 25 * day, 30 * day, 400 * day])(
  'a timer calls back once, after %i ms and not before',
  (ms) => {
    const callBack = vi.fn()
    timer(ms, callBack)
    vi.advanceTimersByTime(Math.max(0, ms - 1))
    expect(callBack).toHaveBeenCalledTimes(ms === 0 ? 1 : 0)
    vi.advanceTimersByTime(1)
    expect(callBack).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(2 * ms)
    expect(callBack).toHaveBeenCalledTimes(1)
  },
)

test('a timer with an infinite delay never calls back', () => {
  const callBack = vi.fn()
  timer(Number.POSITIVE_INFINITY, callBack)
  vi.advanceTimersByTime(1_000 * day)
  expect(callBack).not.toHaveBeenCalled()
})

test('a timer that is cancelled after 25 days does not call back', () => {
  const callBack = vi.fn()
  const waiting = timer(30 * day, callBack)
  vi.advanceTimersByTime(26 * day)
  waiting.cancel()
  vi.advanceTimersByTime(30 * day)
  expect(callBack).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})

test('a repeated call goes on until it is cancelled, also with an interval of 30 days', () => {
  const callBack = vi.fn()
  const often = every(1_000, callBack)
  const seldom = every(30 * day, callBack)
  vi.advanceTimersByTime(10_000)
  expect(callBack).toHaveBeenCalledTimes(10)
  often.cancel()
  vi.advanceTimersByTime(61 * day)
  expect(callBack).toHaveBeenCalledTimes(12)
  seldom.cancel()
  expect(vi.getTimerCount()).toBe(0)
})

test('an unrefed repeated call does not keep the process alive, and can be cancelled', () => {
  const often = every(1_000, () => {}).unref()
  vi.advanceTimersByTime(3_000)
  often.cancel()
  expect(vi.getTimerCount()).toBe(0)
  const program = `
    import { every, timer } from ${JSON.stringify(join(import.meta.dirname, 'timers.ts'))}
    every(1, () => {}).unref()
    timer(50, () => console.log('done'))`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  expect([stdout, status]).toEqual(['done\n', 0])
})
