// Subscriptions get the events of some types in the order of the log, in batches; the next batch comes when the last one is done.
import { type RecordedEvent, reaction, type Subscription, subscription } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { describe, expect, test } from 'vitest'
import { subscriptionBatchMax } from '../src/runtime/limits.ts'
import { gate, lasting, ParcelPacked, ParcelSent, pack, parcels, startParcels, until } from './parcels.ts'

const patient = { timeoutMs: 30_000 }
const positionsOf = (events: readonly RecordedEvent[]) => events.map(({ position }) => position)

/** A subscription that records the positions of each batch; `run` may fail first. */
function noting(run: (events: readonly RecordedEvent[], signal: AbortSignal) => void | Promise<void> = () => {}) {
  const batches: number[][] = []
  const index = subscription('index', {
    on: [ParcelPacked, ParcelSent],
    from: 'beginning',
    retries: 0,
    run: async (events, { signal }) => {
      await run(events, signal)
      batches.push(positionsOf(events))
    },
  })
  return { index, batches, handled: () => batches.flat() }
}

test('events of all its types arrive in the order of the log, in batches of limited size', async () => {
  const store = memoryStore()
  const count = 2 * subscriptionBatchMax + 7
  await pack(store, ...Array.from({ length: count }, (_, n) => `p${n % 5}`))
  await store.append({ events: [{ stream: 'parcel-x', type: 'ParcelWeighed', data: {} }] })
  await store.append({ events: [{ stream: 'parcel-x', type: 'ParcelSent', data: { to: 'Ada' } }] })
  const { index, batches, handled } = noting()
  await using system = startParcels({ subscriptions: [index] }, { store })
  await system.waitFor(index, count + 2, patient)
  expect(handled()).toEqual([...Array.from({ length: count }, (_, n) => n + 1), count + 2])
  for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(subscriptionBatchMax)
  expect(batches.length).toBeLessThan(8)
})

test('the next batch waits until the last is done', async () => {
  const hold = gate()
  const { index, batches } = noting(async (events, signal) => {
    if (events[0]!.position === 1) await hold.pass(signal)
  })
  await using system = startParcels({ subscriptions: [index] })
  await pack(system.store, 'a')
  await until(() => expect(hold.waiting).toBe(1))
  await pack(system.store, 'b')
  await pack(system.store, 'c')
  expect(await system.consumers.position(index)).toBe(0)
  hold.open()
  await system.waitFor(index, 3, patient)
  expect(batches.flat()).toEqual([1, 2, 3])
})

test('it continues after a restart where it stopped', async () => {
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  const { index, handled } = noting()
  for (let start = 0; start < 3; start++) {
    await pack(store, 'a', 'b')
    const system = startParcels({ subscriptions: [index] }, { store: lasting(store), consumers })
    await system.waitFor(index, 2 * (start + 1), patient)
    await system.close()
  }
  expect(handled()).toEqual([1, 2, 3, 4, 5, 6])
})

describe('an event that keeps failing', () => {
  test('is found in its batch, and the subscription is parked there until it is resumed', async () => {
    const store = memoryStore()
    await pack(store, 'a', 'b', 'bad', 'c')
    let isMended = false
    let tries = 0
    const { index, handled } = noting((events) => {
      if (events.length > 1) tries++
      if (!isMended && positionsOf(events).includes(3)) throw new Error('No such street.')
    })
    await using system = startParcels({ subscriptions: [index] }, { store })
    const waited = system.waitFor(index, 4, patient)
    await expect(waited).rejects.toMatchObject({
      code: 'consumer_parked',
      details: { position: 3 },
      message: expect.stringContaining('No such street.'),
    })
    expect(await system.consumers.show(index)).toMatchObject({
      state: 'parked',
      position: 2,
      lagEvents: 2,
      parked: [{ position: 3, message: 'No such street.' }],
      error: { message: 'No such street.', event: { position: 3, stream: 'parcel-bad' } },
    })
    expect(handled()).toEqual([1, 2])
    isMended = true
    await system.consumers.resume(index)
    await system.waitFor(index, 4, patient)
    expect(handled()).toEqual([1, 2, 3, 4])
    expect(await system.consumers.show(index)).toMatchObject({ state: 'running', parked: [] })
    expect(tries).toBe(1)
  })

  test('gets exactly as many tries as declared, also when it is alone in its batch', async () => {
    let tries = 0
    const index = subscription('index', {
      on: [ParcelPacked],
      retries: 2,
      run: () => {
        tries++
        throw new Error('No such street.')
      },
    })
    await using system = startParcels({ subscriptions: [index] })
    await pack(system.store, 'a')
    await until(async () => expect(await system.consumers.show(index)).toMatchObject({ state: 'parked' }))
    expect(tries).toBe(3)
  })

  test('stays parked after a restart, and nothing behind it is handled', async () => {
    const [store, consumers] = [memoryStore(), memoryConsumers()]
    let isMended = false
    const { index, handled } = noting((events) => {
      if (!isMended && positionsOf(events).includes(2)) throw new Error('No such street.')
    })
    const first = startParcels({ subscriptions: [index] }, { store: lasting(store), consumers })
    await pack(store, 'a', 'b')
    await until(async () => expect(await first.consumers.show(index)).toMatchObject({ state: 'parked' }))
    await first.close()
    isMended = true
    await pack(store, 'c')
    await using second = startParcels({ subscriptions: [index] }, { store: lasting(store), consumers })
    await expect(second.waitFor(index, 3, patient)).rejects.toMatchObject({ code: 'consumer_parked' })
    expect(await second.consumers.show(index)).toMatchObject({ state: 'parked', position: 1 })
    expect(handled()).toEqual([1])
    await second.consumers.resume(index)
    await second.waitFor(index, 3, patient)
    expect(handled()).toEqual([1, 2, 3])
  })

  test('does not block a close', async () => {
    const { index } = noting(() => Promise.reject(new Error('No such street.')))
    const system = startParcels({ subscriptions: [index] })
    await pack(system.store, 'a')
    await until(async () => expect(await system.consumers.show(index)).toMatchObject({ state: 'parked' }))
    await system.close()
  })
})

test('while events are handled one by one because one of them fails, each success counts', async () => {
  const store = memoryStore()
  const consumers = memoryConsumers()
  await pack(store, 'a', 'b', 'c', 'd')
  const hold = gate()
  const { index, handled } = noting(async (events, signal) => {
    if (events.length > 1) throw new Error('One by one, please.')
    if (events[0]!.position === 4) await hold.pass(signal)
  })
  const first = startParcels({ subscriptions: [index] }, { store: lasting(store), consumers })
  await until(() => expect(hold.waiting).toBe(1))
  await first.waitFor(index, 3, patient)
  await until(async () => expect((await consumers.load('index'))?.checkpoint.position).toBe(3))
  await first.close()
  hold.open()
  await using second = startParcels({ subscriptions: [index] }, { store: lasting(store), consumers })
  await second.waitFor(index, 4, patient)
  expect(handled()).toEqual([1, 2, 3, 4])
})

test('a batch that exceeds its timeout is aborted and tried again', async () => {
  const attempts: number[] = []
  const index = subscription('index', {
    on: [ParcelPacked],
    timeout: '20ms',
    run: async (_events, { attempt, signal }) => {
      attempts.push(attempt)
      if (attempt === 1) await gate().pass(signal)
    },
  })
  await using system = startParcels({ subscriptions: [index] })
  await system.waitFor(index, await pack(system.store, 'a'), patient)
  expect(attempts).toEqual([1, 2])
})

test('subscriptions and reactions do not wait for each other', async () => {
  const hold = gate()
  const { index } = noting((_events, signal) => hold.pass(signal))
  const mail = reaction('mail').on(ParcelPacked, () => {})
  await using system = startParcels({ subscriptions: [index], reactions: [mail] })
  const last = await pack(system.store, 'a')
  await system.waitFor(mail, last, patient)
  expect(await system.consumers.position(index)).toBe(0)
  hold.open()
  await system.waitFor(index, last, patient)
})

test.each([
  ['no function', { on: [ParcelPacked] }],
  ['an event twice', { on: [ParcelPacked, ParcelPacked], run: () => {} }],
  ['what is no event', { on: ['ParcelPacked'], run: () => {} }],
  ['no list', { on: ParcelPacked, run: () => {} }],
  ['no list at all', { run: () => {} }],
  ['no event at all', { on: [], run: () => {} }],
  ['no definition', undefined],
])('a declaration with %s is refused with what to do', (_what, definition) => {
  const declare = () => parcels({ subscriptions: [subscription('index', definition as never) as Subscription] })
  expect(declare).toThrow(expect.objectContaining({ code: 'invalid_declaration' }))
})
