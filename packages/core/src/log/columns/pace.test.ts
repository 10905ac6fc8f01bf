// Background work slows down while the log is appended to.
import { expect, test } from 'vitest'
import { SharedPace } from './pace.ts'

function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test('while the log is appended to, background work gets only its share of the time', async () => {
  let appends = 0
  const pace = new SharedPace({ shareMax: 0.25, count: () => ++appends, wait: async () => {} })
  const startMs = performance.now()
  for (let stretch = 0; stretch < 3; stretch++) {
    work(15)
    await pace.turn()
  }
  expect(performance.now() - startMs).toBeGreaterThan(3 * 15 * 4 - 10)
})

test('while nothing is appended, background work goes on, and regularly lets more important work run', async () => {
  let waits = 0
  const pace = new SharedPace({ shareMax: 0.001, count: () => 7, wait: async () => void waits++ })
  for (let stretch = 0; stretch < 3; stretch++) {
    work(15)
    await pace.turn()
    await pace.turn()
  }
  expect(waits).toBeGreaterThanOrEqual(3)
})

test('background work stops when its wait is rejected', async () => {
  const pace = new SharedPace({ shareMax: 1, count: () => 0, wait: () => Promise.reject(new Error('closed')) })
  work(15)
  await expect(pace.turn()).rejects.toThrow('closed')
})
