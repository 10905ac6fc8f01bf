import { type RunningSystem, saga } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { crashingStore, manualClock } from 'indelible/testing'
import { expect, test, vi } from 'vitest'
import { Ask, Asked, notebook, writing, written } from './notebook.ts'

const day = 86_400_000
const sleeps = saga('sleeps', { startsOn: Asked }).sleep('rest', { for: '30d' }).step('write', writing('a', 'awake'))
const alive = { after: Number.POSITIVE_INFINITY, written: false }

const waiting = (running: RunningSystem, id: string) =>
  vi.waitFor(async () => expect((await running.saga(sleeps, id))?.waiting).toHaveLength(1), { timeout: 10_000 })

test.each(['closed', 'killed'] as const)('timers survive a process that is %s, and fire once', async (end) => {
  const [store, consumers, clock] = [memoryStore(), memoryConsumers(), manualClock()]
  const count = 200
  const first = notebook([sleeps], { store: crashingStore(store, alive), consumers, clock })
  const dying = end === 'killed' ? { ...consumers, save: async () => 'saved' as const } : consumers
  const killed = notebook([sleeps], { store: crashingStore(store, alive), consumers: dying, clock })
  await first.running.close()
  for (let n = 0; n < count; n++) await killed.running.send(Ask(String(n), { words: [] }))
  await waiting(killed.running, String(count - 1))
  await vi.waitFor(async () => expect(await killed.running.consumers.show(sleeps)).toMatchObject({ active: 0 }))
  await killed.running.close()

  clock.advance(29 * day)
  const second = notebook([sleeps], { store: crashingStore(store, alive), consumers, clock })
  await vi.waitFor(async () =>
    expect(await second.running.consumers.show(sleeps)).toMatchObject({ state: 'running', active: 0, waiting: count }),
  )
  expect(await written(second.running)).toEqual([])
  await second.running.close()

  // Late ones fire when a process is there again, once.
  clock.advance(90 * day)
  const third = notebook([sleeps], { store: crashingStore(store, alive), consumers, clock })
  for (let n = 0; n < count; n++)
    expect(await third.running.waitForSaga(sleeps, String(n), { timeoutMs: 20_000 })).toMatchObject({
      status: 'completed',
    })
  expect(await written(third.running)).toHaveLength(count)
  await vi.waitFor(async () =>
    expect(await third.running.consumers.show(sleeps)).toMatchObject({ active: 0, waiting: 0 }),
  )
  await third.running.close()
})

test('a process that finds all as it was has taken everything in', async () => {
  const store = memoryStore()
  const killed = notebook([sleeps], { store: crashingStore(store, alive) })
  await killed.running.send(Ask('1', { words: [] }))
  await waiting(killed.running, '1')
  await killed.running.close()
  // Without the record of the first, the next one takes the start event in again, and has nothing to write.
  const { running } = notebook([sleeps], { store })
  await running.waitFor(sleeps, (await store.head()).position, { timeoutMs: 10_000 })
  await running.close()
})

test('a clock that goes back delays what it is to wake, and wakes it once', async () => {
  const { running, clock } = notebook([sleeps])
  await running.send(Ask('1', { words: [] }))
  await waiting(running, '1')
  clock.advance(-5 * day)
  clock.advance(30 * day)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(await written(running)).toEqual([])
  clock.advance(5 * day)
  expect(await running.waitForSaga(sleeps, '1', { timeoutMs: 10_000 })).toMatchObject({ status: 'completed' })
  expect(await written(running)).toEqual(['awake'])
  await running.close()
})
