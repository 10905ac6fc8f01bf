// Fake clocks of test frameworks keep working, and the guard keeps working while they are on: in whatever order both come.
import { mock } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import FakeTimers from '@sinonjs/fake-timers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { refusedCall } from './domain.ts'

const real = { date: Date, setTimeout, now: performance.now, hrtime: process.hrtime, random: Math.random }

afterEach(() => {
  expect({ date: Date, setTimeout, now: performance.now, hrtime: process.hrtime, random: Math.random }).toEqual(real)
  expect(Math.abs(Date.now() - performance.timeOrigin - performance.now())).toBeLessThan(600_000)
})

/** Each is refused, by whatever function is in its place. */
function expectGuarded(): void {
  expect(refusedCall(() => Date.now())).toBe('Date.now')
  expect(refusedCall(() => new Date())).toBe('new Date()')
  expect(refusedCall(() => new (new Date(0).constructor as DateConstructor)())).toBe('new Date()')
  expect(refusedCall(() => performance.now())).toBe('performance.now')
  expect(refusedCall(() => process.hrtime.bigint())).toBe('process.hrtime.bigint')
  expect(refusedCall(() => setTimeout(() => {}, 0))).toBe('setTimeout')
  expect(refusedCall(() => setImmediate(() => {}))).toBe('setImmediate')
  expect(refusedCall(() => queueMicrotask(() => {}))).toBe('queueMicrotask')
  expect(refusedCall(() => new Date(0).getHours())).toBe('getHours() of a Date')
  expect(refusedCall(() => new Intl.DateTimeFormat('en'))).toBe('Intl.DateTimeFormat')
  expect(refusedCall(() => new Date(0).toISOString())).toBeUndefined()
}

/** Time goes only by the clock of the test. */
function expectFake(advance: (ms: number) => void): void {
  const begin = Date.now()
  const rang = vi.fn()
  setTimeout(rang, 1000)
  advance(999)
  expect(rang).not.toHaveBeenCalled()
  advance(1)
  expect(rang).toHaveBeenCalledOnce()
  expect([Date.now() - begin, Date.parse(new Date().toISOString()) - begin]).toEqual([1000, 1000])
}

describe('fake timers of Vitest', () => {
  const all = [
    ...(['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'] as const),
    ...(['performance', 'hrtime', 'queueMicrotask', 'Intl'] as const),
  ]

  test('before, between and after decisions', () => {
    for (let round = 0; round < 2; round++) {
      expectGuarded()
      vi.useFakeTimers({ toFake: all, now: 5000 })
      expectFake((ms) => vi.advanceTimersByTime(ms))
      expectGuarded()
      expectFake((ms) => vi.advanceTimersByTime(ms))
      vi.setSystemTime(1)
      expect(Date.now()).toBe(1)
      expectGuarded()
      expect(vi.isFakeTimers()).toBe(true)
      vi.useRealTimers()
      expect(vi.isFakeTimers()).toBe(false)
      expectGuarded()
    }
  })

  test.each(all)('%s alone', (name) => {
    vi.useFakeTimers({ toFake: [name] })
    expectGuarded()
    vi.useRealTimers()
    expectGuarded()
  })

  test('a fixed date without fake timers', () => {
    vi.setSystemTime(7)
    expect(Date.now()).toBe(7)
    expectGuarded()
    expect(new Date().getUTCMilliseconds()).toBe(7)
    vi.useRealTimers()
    expectGuarded()
  })

  test('spies', () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const now = vi.spyOn(Date, 'now').mockReturnValue(3)
    expect(refusedCall(() => Math.random())).toBe('Math.random')
    expect(refusedCall(() => Date.now())).toBe('Date.now')
    expect([Math.random(), Date.now()]).toEqual([0.5, 3])
    expect([random.mock.calls.length, now.mock.calls.length]).toEqual([1, 1])
    vi.restoreAllMocks()
    expect(Date.now()).toBeGreaterThan(3)
    expectGuarded()
  })

  test('a global of a test', () => {
    vi.stubGlobal('fetch', () => 'answer')
    vi.stubEnv('INDELIBLE_STUB', 'x')
    expect(refusedCall(() => fetch('http://127.0.0.1:1'))).toBe('fetch')
    expect(refusedCall(() => process.env.INDELIBLE_STUB)).toBe('process.env.INDELIBLE_STUB')
    expect([fetch(''), process.env.INDELIBLE_STUB]).toEqual(['answer', 'x'])
    vi.unstubAllGlobals()
    vi.unstubAllEnvs()
    expect(refusedCall(() => fetch('http://127.0.0.1:1'))).toBe('fetch')
  })
})

test('mock timers of node:test', async () => {
  expectGuarded()
  mock.timers.enable({ apis: ['Date', 'setTimeout', 'setInterval', 'setImmediate'], now: 5 })
  expectFake((ms) => mock.timers.tick(ms))
  expectGuarded()
  expectFake((ms) => mock.timers.tick(ms))
  const slept = sleep(10, 'slept')
  mock.timers.tick(10)
  expect(await slept).toBe('slept')
  mock.timers.reset()
  expectGuarded()
  expect(await sleep(1, 'really')).toBe('really')
})

test('fake timers of Sinon', () => {
  expectGuarded()
  const clock = FakeTimers.install({ now: 9 })
  expectFake((ms) => clock.tick(ms))
  expectGuarded()
  expectFake((ms) => clock.tick(ms))
  expect(() => FakeTimers.install()).toThrow(/twice/)
  clock.uninstall()
  expectGuarded()
})
