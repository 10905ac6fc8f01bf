// Sagas that meet temporary faults: while they wait they block no other saga, and they continue by themselves.
import { defineSystem, type EventStore, IndelibleError, saga, startSystem } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { manualClock } from 'indelible/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { patience, soon } from './patience.ts'
import { AskMove, MoveAsked, moveSaga, PayIn, parts, startTills, statuses, Take, tills } from './till.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** A store that is full for chosen commits. */
function fullFor(store: EventStore, isSick: (commit: Parameters<EventStore['append']>[0]) => boolean): EventStore {
  return {
    ...store,
    async append(commit, options) {
      if (isSick(commit)) throw new IndelibleError('store_full', 'no space')
      return await store.append(commit, options)
    },
  }
}

test('however many sagas wait for a retry, another one runs immediately; and they end when the fault has passed', async () => {
  let isFull = true
  const store = fullFor(memoryStore(), ({ events }) => isFull && events[0]!.stream.startsWith('till-sick'))
  await using system = startTills({ store })
  await system.send(PayIn('a', { amount: 1000 }))
  const ids = Array.from({ length: 150 }, (_, n) => `sick${n}`)
  for (const id of ids) await system.send(AskMove(id, { from: 'a', to: id, amount: 1 }))
  await system.send(AskMove('well', { from: 'a', to: 'b', amount: 1 }))
  expect(await system.waitForSaga(moveSaga, 'well', patience)).toMatchObject({ status: 'completed' })
  await soon(async () => {
    const [status] = await statuses(system, 'saga')
    expect(status).toMatchObject({
      state: 'running',
      waiting: expect.any(Number),
      error: { message: expect.stringContaining('no space') },
    })
    expect(status!.needsIntervention).toEqual([])
    expect(status!.waiting).toBeGreaterThan(0)
  })
  isFull = false
  for (const id of ids) {
    expect(await system.waitForSaga(moveSaga, id, patience)).toMatchObject({ status: 'completed' })
  }
  await soon(async () => {
    const [status] = await statuses(system, 'saga')
    expect(status).toMatchObject({ active: 0, waiting: 0 })
    expect(status).not.toHaveProperty('error')
  })
})

test('sagas that need intervention block no other saga either', async () => {
  const broken = saga('broken', { startsOn: MoveAsked }).step('take', {
    command: Take,
    to: ({ from }) => {
      if (from === 'sick') throw new Error('a bug')
      return from
    },
    input: ({ amount }) => ({ amount }),
  })
  await using system = startSystem(defineSystem({ ...tills, sagas: [broken] }), parts())
  await system.send(PayIn('a', { amount: 10 }))
  for (let n = 0; n < 150; n++) await system.send(AskMove(`sick${n}`, { from: 'sick', to: 'b', amount: 1 }))
  await system.send(AskMove('well', { from: 'a', to: 'b', amount: 1 }))
  expect(await system.waitForSaga(broken, 'well', patience)).toMatchObject({ status: 'completed' })
  await soon(async () => {
    const [status] = await statuses(system, 'saga')
    expect([status!.active, status!.needsIntervention.length]).toEqual([0, 150])
  })
})

test('a saga whose own history cannot be written for a while continues by itself', async () => {
  for (const type of ['$StepDone', '$StepRefused', '$CompensationDone']) {
    let refusals = 3
    const store = fullFor(memoryStore(), ({ events }) => events[0]!.type === type && refusals-- > 0)
    await using system = startTills({ store })
    await system.send(PayIn('a', { amount: 10 }))
    await system.send(AskMove('m', { from: 'a', to: 'closed', amount: 4 }))
    expect(await system.waitForSaga(moveSaga, 'm', patience)).toMatchObject({ status: 'compensated', done: [] })
    expect(refusals).toBeLessThan(0)
  }
})

test('a saga whose history was written, while the store said that it was not, continues by itself', async () => {
  for (const type of ['$StepDone', '$StepRefused', '$CompensationDone']) {
    const memory = memoryStore()
    let lost = 0
    const append: typeof memory.append = async (...commit) => {
      const outcome = await memory.append(...commit)
      if (commit[0].events[0]!.type !== type || lost++ > 0) return outcome
      throw new IndelibleError('io_failed', 'The answer was lost.')
    }
    await using system = startTills({ store: { ...memory, append } })
    await system.send(PayIn('a', { amount: 10 }))
    await system.send(AskMove('m', { from: 'a', to: 'closed', amount: 4 }))
    expect(await system.waitForSaga(moveSaga, 'm', patience)).toMatchObject({ status: 'compensated', done: [] })
    expect(lost).toBeGreaterThan(0)
  }
})

test('a waiting saga notices when its step times out, and stops immediately when the system is closed', async () => {
  // A waiting saga continues only when it is told to.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const clock = manualClock()
  const store = fullFor(memoryStore(), ({ events }) => events[0]!.stream === 'till-b')
  const hasty = saga('hasty', { startsOn: MoveAsked }).step('payIn', {
    command: PayIn,
    to: ({ to }) => to,
    input: ({ amount }) => ({ amount }),
    timeout: '7ms',
  })
  const system = startSystem(defineSystem({ ...tills, projections: [], sagas: [hasty] }), parts({ store, clock }))
  const waiting = async (count: number) => {
    while ((await statuses(system, 'saga'))[0]!.waiting !== count) await new Promise((resolve) => setImmediate(resolve))
  }
  await system.send(AskMove('m', { from: 'a', to: 'b', amount: 4 }))
  await waiting(1)
  clock.advance(7)
  // Long before it would have retried.
  vi.advanceTimersByTime(7)
  await waiting(0)
  while ((await system.saga(hasty, 'm'))!.status === 'running') await new Promise((resolve) => setImmediate(resolve))
  expect(await system.saga(hasty, 'm')).toMatchObject({ status: 'compensated', failure: { reason: 'TimedOut' } })

  await system.send(AskMove('n', { from: 'a', to: 'b', amount: 4 }))
  await waiting(1)
  await system.close()
  expect(vi.getTimerCount()).toBe(0)
})
