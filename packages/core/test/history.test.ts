import { stateAsOf } from 'indelible/history'
import { manualClock } from 'indelible/testing'
import { expect, test } from 'vitest'
import { PayIn, startTills, Take, till } from './till.ts'

async function tillWithHistory() {
  const clock = manualClock('2026-01-10T12:00:00Z')
  const { memoryStore } = await import('indelible/memory')
  const system = startTills({ store: memoryStore({ clock }), clock })
  const dayMs = 24 * 60 * 60 * 1000
  await system.send(PayIn('1', { amount: 100 }), { validAt: '2026-01-01' })
  clock.advance(dayMs)
  await system.send(PayIn('2', { amount: 1 }))
  await system.send(Take('1', { amount: 30 }))
  clock.advance(dayMs)
  // Recorded last, but valid before the withdrawal.
  await system.send(PayIn('1', { amount: 7 }), { validAt: '2026-01-05' })
  const cash = async (asOf?: Parameters<typeof stateAsOf>[2]['asOf']) =>
    (await stateAsOf(system.store, till, { id: '1', asOf })).state.cash
  return { system, cash }
}

test('the current state, the state at a version and at a position', async () => {
  const { system, cash } = await tillWithHistory()
  expect(await cash()).toBe(77)
  expect([
    await cash({ version: 0 }),
    await cash({ version: 1 }),
    await cash({ version: 2 }),
    await cash({ version: 99 }),
  ]).toEqual([0, 100, 70, 77])
  expect([await cash({ position: 1 }), await cash({ position: 2 }), await cash({ position: 3 })]).toEqual([
    100, 100, 70,
  ])
  await system.close()
})

test('what was known at a time, and what was true at a time', async () => {
  const { system, cash } = await tillWithHistory()
  expect([await cash({ recordedAt: '2026-01-09' }), await cash({ recordedAt: '2026-01-10' })]).toEqual([0, 100])
  expect([await cash({ recordedAt: '2026-01-11' }), await cash({ recordedAt: '2026-01-12T12:00:00Z' })]).toEqual([
    70, 77,
  ])
  expect([await cash({ validAt: '2025-12-31' }), await cash({ validAt: '2026-01-01' })]).toEqual([0, 100])
  expect([await cash({ validAt: '2026-01-05' }), await cash({ validAt: '2026-01-11' })]).toEqual([107, 77])
  await system.close()
})

test('a day means the end of that day, and an invalid time is refused', async () => {
  const { system, cash } = await tillWithHistory()
  expect([await cash({ recordedAt: '2026-01-10' }), await cash({ recordedAt: '2026-01-10T11:59:59Z' })]).toEqual([
    100, 0,
  ])
  await expect(cash({ validAt: 'last week' })).rejects.toMatchObject({ code: 'invalid_time' })
  await expect(cash({ version: -1 })).rejects.toMatchObject({ code: 'invalid_position' })
  await system.close()
})
