// One control surface for everything that follows the log: what operators see, what they can do, and how faults are reported.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  bigint,
  type ConsumerRecord,
  type ConsumerRecords,
  type EventStore,
  IndelibleError,
  projection,
  type ReactionStatus,
  type RunningSystem,
  reaction,
  saga,
  subscription,
  text,
} from 'indelible'
import { fileConsumers, fileStore } from 'indelible/file'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { temporaryDirectory } from '../src/file/test-support.ts'
import { recordMsMax } from '../src/runtime/limits.ts'
import { gate, lasting, Pack, ParcelPacked, ParcelSent, pack, Send, startParcels, until } from './parcels.ts'

const patient = { timeoutMs: 30_000 }
const table = projection('parcels', { table: { parcel: text().key(), n: bigint() } }).write(
  ParcelPacked,
  ({ n }, { streamId }) => ({ parcel: streamId, n }),
)
const delivery = saga('delivery', { startsOn: ParcelSent }).step('pack', {
  command: Pack,
  to: ({ to }) => to,
  input: () => ({ n: 1 }),
})

/** A reaction that records what it handled, and fails on the streams that are marked as bad. */
function mailing({ retries = 0 } = {}) {
  const handled: string[] = []
  const bad = new Set<string>()
  const mail = reaction('mail', { retries }).on(ParcelPacked, ({ n }, { streamId }) => {
    if (bad.has(streamId)) throw new Error('No such street.')
    handled.push(`${streamId}${n}`)
  })
  return { mail, handled, bad }
}

const shown = (system: RunningSystem, name: string) => system.consumers.show({ name }) as Promise<ReactionStatus>
const reaches = (system: RunningSystem, name: string, status: object) =>
  until(async () => expect(await shown(system, name)).toMatchObject(status))

test('all kinds of consumers have one list and one kind of status, also in health', async () => {
  const { mail } = mailing()
  const index = subscription('index', { on: [ParcelPacked], run: () => {} })
  const all = { projections: [table], sagas: [delivery], reactions: [mail], subscriptions: [index] }
  await using system = startParcels(all)
  await system.send(Send('a', { to: 'b' }))
  await system.waitForSaga(delivery, 'a', patient)
  const { position } = await system.store.head()
  for (const each of [table, delivery, mail, index]) await system.waitFor(each, position, patient)
  const list = await system.consumers.list()
  expect(list.map(({ name, kind, state, lagEvents }) => ({ name, kind, state, lagEvents }))).toEqual([
    { name: 'parcels', kind: 'projection', state: 'running', lagEvents: 0 },
    { name: 'delivery', kind: 'saga', state: 'running', lagEvents: 0 },
    { name: '$schedule', kind: 'saga', state: 'running', lagEvents: 0 },
    { name: 'mail', kind: 'reaction', state: 'running', lagEvents: 0 },
    { name: 'index', kind: 'subscription', state: 'running', lagEvents: 0 },
  ])
  expect((await system.health()).consumers).toEqual(list)
  for (const each of list) {
    expect(await system.consumers.show(each)).toEqual(each)
    expect(await system.consumers.position(each)).toBe(each.position)
  }
})

test('every operation refuses an unknown name', async () => {
  await using system = startParcels({ reactions: [mailing().mail] })
  const { consumers } = system
  const nobody = { name: 'nobody' }
  const asked = [
    () => consumers.show(nobody),
    () => consumers.position(nobody),
    () => consumers.waitFor(nobody, 1),
    () => consumers.pause(nobody),
    () => consumers.resume(nobody),
  ]
  for (const ask of asked) await expect(ask()).rejects.toMatchObject({ code: 'unknown_consumer' })
  expect((await system.store.head()).position).toBe(0)
})

test('the log records who paused and resumed what, and domain code does not see it', async () => {
  const { mail } = mailing()
  await using system = startParcels({ projections: [table], sagas: [delivery], reactions: [mail] })
  for (const each of [table, delivery, mail]) {
    await system.consumers.pause(each, { actor: 'Grace' })
    await system.consumers.resume(each)
  }
  for (const { name } of [table, delivery, mail]) {
    const batches = await Array.fromAsync(system.store.read([{ streams: [`$operator-${name}`] }]))
    const events = batches.flatMap((batch) => batch.events)
    expect(events.map(({ type, data, metadata }) => ({ type, data, actor: metadata.actor }))).toEqual([
      { type: '$ConsumerPaused', data: { name }, actor: 'Grace' },
      { type: '$ConsumerResumed', data: { name }, actor: undefined },
    ])
  }
  expect(await Array.fromAsync(system.store.read('all'))).toEqual([])
})

describe.each<[string, () => () => ConsumerRecords]>([
  [
    'in memory',
    () => {
      const records = memoryConsumers()
      return () => records
    },
  ],
  [
    'in files',
    () => {
      const dir = join(temporaryDirectory(), 'consumers')
      return () => fileConsumers({ dir })
    },
  ],
])('with records %s', (_where, make) => {
  test('a paused reaction handles nothing, also after a restart, and continues where it stopped when it is resumed', async () => {
    const [store, records] = [memoryStore(), make()]
    const { mail, handled } = mailing()
    const start = () => startParcels({ reactions: [mail] }, { store: lasting(store), consumers: records() })
    const first = start()
    await first.waitFor(mail, await pack(store, 'a'), patient)
    await first.consumers.pause(mail)
    await reaches(first, 'mail', { state: 'paused', position: 1 })
    await pack(store, 'b')
    await first.close()
    const second = start()
    await reaches(second, 'mail', { state: 'paused', position: 1 })
    await expect(second.waitFor(mail, 3, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'wait_timeout' })
    expect(handled).toEqual(['a1'])
    await second.consumers.resume(mail)
    await second.waitFor(mail, 4, patient)
    await second.close()
    const third = start()
    await third.waitFor(mail, await pack(store, 'c'), patient)
    await third.close()
    expect(handled).toEqual(['a1', 'b1', 'c1'])
  })

  test('so does a paused subscription', async () => {
    const [store, records] = [memoryStore(), make()]
    const handled: number[] = []
    const index = subscription('index', {
      on: [ParcelPacked],
      run: (events) => void handled.push(...events.map(({ position }) => position)),
    })
    const first = startParcels({ subscriptions: [index] }, { store: lasting(store), consumers: records() })
    await first.consumers.pause(index)
    await pack(store, 'a')
    await first.close()
    await using second = startParcels({ subscriptions: [index] }, { store, consumers: records() })
    await reaches(second, 'index', { state: 'paused' })
    expect(handled).toEqual([])
    await second.consumers.resume(index)
    await second.waitFor(index, 2, patient)
    expect(handled).toEqual([2])
  })

  test('a paused saga starts and continues nothing, also after a restart, until it is resumed', async () => {
    const [store, records] = [memoryStore(), make()]
    const start = () => startParcels({ sagas: [delivery] }, { store: lasting(store), consumers: records() })
    const first = start()
    // Immediately, because an operator can be as fast.
    await first.consumers.pause(delivery)
    await reaches(first, 'delivery', { state: 'paused' })
    await first.send(Send('a', { to: 'b' }))
    await first.close()
    const second = start()
    await reaches(second, 'delivery', { state: 'paused' })
    await expect(second.waitForSaga(delivery, 'a', { timeoutMs: 50 })).rejects.toThrow('has not started')
    await second.consumers.resume(delivery)
    expect(await second.waitForSaga(delivery, 'a', patient)).toMatchObject({ status: 'completed' })
    await second.close()
    const third = start()
    await third.send(Send('c', { to: 'd' }))
    expect(await third.waitForSaga(delivery, 'c', patient)).toMatchObject({ status: 'completed' })
    await third.close()
  })

  test('parked events wait while their reaction is paused, and are tried again when it is resumed', async () => {
    const [store, records] = [memoryStore(), make()]
    const { mail, handled, bad } = mailing()
    bad.add('a')
    const start = () => startParcels({ reactions: [mail] }, { store: lasting(store), consumers: records() })
    const first = start()
    await first.waitFor(mail, await pack(store, 'a', 'a', 'b'), patient)
    await first.consumers.pause(mail)
    await reaches(first, 'mail', { state: 'paused', parked: [{ position: 1 }] })
    await first.close()
    bad.clear()
    const second = start()
    await reaches(second, 'mail', { state: 'paused', parked: [{ position: 1 }] })
    await second.consumers.resume(mail)
    await reaches(second, 'mail', { state: 'running', parked: [], lagEvents: 0 })
    expect(handled).toEqual(['b1', 'a1', 'a2'])
    await until(async () => expect(await records().load('mail')).toMatchObject({ parked: [], isPaused: false }))
    await second.close()
  })

  test('a checkpoint of another history is reported, and the consumer continues only after a person has resumed it', async () => {
    const records = make()
    const { mail, handled } = mailing()
    const [lost, found] = [memoryStore(), memoryStore()]
    const first = startParcels({ reactions: [mail] }, { store: lost, consumers: records() })
    await first.waitFor(mail, await pack(lost, 'a', 'b', 'c'), patient)
    await first.close()
    await pack(found, 'x', 'y')
    const second = startParcels({ reactions: [mail] }, { store: lasting(found), consumers: records() })
    const told = { state: 'diverged', position: 3, error: { code: 'consumer_diverged' } }
    await reaches(second, 'mail', told)
    await expect(second.waitFor(mail, 4, patient)).rejects.toMatchObject({ code: 'consumer_diverged' })
    await pack(found, 'z', 'z')
    // Pausing and resuming do not say whether the history is the right one.
    await second.consumers.pause(mail)
    await reaches(second, 'mail', { state: 'paused' })
    await second.consumers.resume(mail)
    await reaches(second, 'mail', told)
    await second.close()
    const third = startParcels({ reactions: [mail] }, { store: found, consumers: records() })
    await reaches(third, 'mail', told)
    // Two at once: the second must not skip what arrives meanwhile.
    const resumed = [third.consumers.resume(mail)]
    await reaches(third, 'mail', { state: 'running' })
    const packed = pack(found, 'n')
    resumed.push(third.consumers.resume(mail))
    await Promise.all(resumed)
    await third.waitFor(mail, await packed, patient)
    expect(handled.slice(3)).toEqual(['n1'])
    await third.close()
  })
})

describe('races', () => {
  test('a pause aborts the running code, and the event is handled after the resume', async () => {
    const hold = gate()
    const handled: number[] = []
    const mail = reaction('mail').on(ParcelPacked, async ({ n }, _event, { signal }) => {
      await hold.pass(signal)
      handled.push(n)
    })
    await using system = startParcels({ reactions: [mail] })
    const last = await pack(system.store, 'a')
    await until(() => expect(hold.waiting).toBe(1))
    await system.consumers.pause(mail)
    await reaches(system, 'mail', { state: 'paused', position: 0, parked: [] })
    expect([hold.waiting, handled]).toEqual([0, []])
    hold.open()
    await system.consumers.resume(mail)
    await system.waitFor(mail, last, patient)
    expect(handled).toEqual([1])
  })

  test('after a pause and an immediate resume, parked events are still tried again', async () => {
    const { mail, handled, bad } = mailing()
    bad.add('a')
    await using system = startParcels({ reactions: [mail] })
    await system.waitFor(mail, await pack(system.store, 'a'), patient)
    bad.clear()
    const paused = system.consumers.pause(mail)
    await Promise.all([paused, system.consumers.resume(mail)])
    await reaches(system, 'mail', { state: 'running', parked: [] })
    expect(handled).toEqual(['a1'])
  })

  test('many pauses and resumes while a reaction catches up lose no event and keep the order', async () => {
    const store = memoryStore()
    const last = await pack(store, ...Array.from({ length: 300 }, (_, n) => `s${n % 7}`))
    const seen = new Map<string, number[]>()
    const mail = reaction('mail', { from: 'beginning' }).on(ParcelPacked, async ({ n }, { streamId }) => {
      await new Promise((resolve) => setImmediate(resolve))
      seen.set(streamId, [...(seen.get(streamId) ?? []), n])
    })
    await using system = startParcels({ reactions: [mail] }, { store })
    for (let round = 0; round < 20; round++) {
      await (round % 3 === 0
        ? Promise.all([system.consumers.pause(mail), system.consumers.pause(mail)])
        : system.consumers.pause(mail))
      await system.consumers.resume(mail)
    }
    await system.waitFor(mail, last, patient)
    for (const ns of seen.values()) {
      // Some may be handled again after a pause; none is handled out of order.
      let most = 0
      for (const n of ns) {
        expect(n).toBeLessThanOrEqual(most + 1)
        most = Math.max(most, n)
      }
      expect(most).toBeGreaterThanOrEqual(42)
    }
  })

  test('events that arrive for a parked stream during its resume are handled once, after the parked ones', async () => {
    const { mail, handled, bad } = mailing()
    bad.add('a')
    await using system = startParcels({ reactions: [mail] })
    await system.waitFor(mail, await pack(system.store, 'a', 'a', 'a'), patient)
    bad.clear()
    const one = (n: number) =>
      system.store.append({ events: [{ stream: 'parcel-a', type: 'ParcelPacked', data: { n } }] })
    const resumed = system.consumers.resume(mail)
    for (let n = 4; n <= 60; n++) await one(n)
    await resumed
    const { position } = await system.store.head()
    await reaches(system, 'mail', { parked: [] })
    await system.waitFor(mail, position, patient)
    expect(handled).toEqual(Array.from({ length: 60 }, (_, n) => `a${n + 1}`))
  })

  test('events that arrive at any moment around a failure of an earlier event wait behind it, and none is lost', async () => {
    for (let turns = 0; turns < 80; turns++) {
      const store = memoryStore()
      // The third event arrives this many turns of the promise queue after the first two.
      const delaying: EventStore = {
        ...store,
        async *subscribe(...args) {
          for await (const batch of store.subscribe(...args)) {
            if (batch.events.length < 3) {
              yield batch
              continue
            }
            yield { events: batch.events.slice(0, 2), through: 2 }
            for (let turn = 0; turn < turns; turn++) await undefined
            yield { events: batch.events.slice(2), through: batch.through }
          }
        },
      }
      const { mail, handled, bad } = mailing()
      bad.add('a')
      await using system = startParcels({ reactions: [mail] }, { store: delaying })
      await system.waitFor(mail, await pack(store, 'a', 'a', 'a'), patient)
      bad.clear()
      await system.consumers.resume(mail)
      await reaches(system, 'mail', { parked: [] })
      expect(handled, `after ${turns} turns`).toEqual(['a1', 'a2', 'a3'])
    }
  })

  test('pausing or resuming a stopped consumer reports that, and changes nothing', async () => {
    const records = memoryConsumers()
    const { mail } = mailing()
    const system = startParcels({ reactions: [mail] }, { consumers: records })
    await reaches(system, 'mail', { state: 'running' })
    await system.close()
    await expect(system.consumers.pause(mail)).rejects.toMatchObject({ code: 'store_closed' })
    await expect(system.consumers.resume(mail)).rejects.toMatchObject({ code: 'store_closed' })
    expect(await records.load('mail')).toMatchObject({ isPaused: false })
  })

  test('a reaction whose store was closed before its records ends without a report', async () => {
    const [store, records] = [memoryStore(), memoryConsumers()]
    const hold = gate()
    const mail = reaction('mail').on(ParcelPacked, () => hold.pass())
    const system = startParcels({ reactions: [mail] }, { store, consumers: records })
    await pack(store, 'a')
    await until(() => expect(hold.waiting).toBe(1))
    await store.close()
    hold.open()
    await until(() => expect(hold.waiting).toBe(0))
    await system.close()
    expect(await records.load('mail')).toMatchObject({ checkpoint: { position: 0 } })
  })
})

describe('faults', () => {
  /** Records whose saves fail while the test says so. */
  function failing(records = memoryConsumers()) {
    let fault: Error | undefined
    let failed = 0
    const self: ConsumerRecords = {
      load: (name) => records.load(name),
      async save(record: ConsumerRecord) {
        if (fault) failed++
        if (fault) throw fault
        return await records.save(record)
      },
    }
    const fail = (error?: Error) => {
      fault = error
    }
    return { records: self, fail, failed: () => failed }
  }
  const full = () => new IndelibleError('store_full', 'There is no space left (injected).')

  test('a failed save of a checkpoint is reported and retried; handled events are not handled again', async () => {
    const { records, fail, failed } = failing()
    const { mail, handled } = mailing()
    await using system = startParcels({ reactions: [mail] }, { consumers: records })
    await reaches(system, 'mail', { state: 'running' })
    fail(full())
    await pack(system.store, 'a')
    await reaches(system, 'mail', { state: 'retrying', error: { code: 'store_full' }, position: 1 })
    // A crash would repeat all of it, so nothing more is started.
    await pack(system.store, 'b')
    await until(() => expect(failed()).toBeGreaterThan(2))
    expect(handled).toEqual(['a1'])
    await expect(system.consumers.pause(mail)).rejects.toMatchObject({ code: 'store_full' })
    fail()
    await system.waitFor(mail, 2, patient)
    await reaches(system, 'mail', { state: 'running' })
    expect(handled).toEqual(['a1', 'b1'])
    expect(await shown(system, 'mail')).not.toHaveProperty('error')
    await until(async () => expect((await records.load('mail'))?.checkpoint.position).toBe(2))
  })

  test('a system closes while a checkpoint cannot be saved', async () => {
    const { records, fail } = failing()
    const { mail } = mailing()
    const system = startParcels({ reactions: [mail] }, { consumers: records })
    await reaches(system, 'mail', { state: 'running' })
    fail(full())
    await pack(system.store, 'a')
    await reaches(system, 'mail', { state: 'retrying' })
    await system.close()
  })

  test('a reaction whose first record cannot be saved starts when it can, and "now" is still the time of its start', async () => {
    const { records, fail, failed } = failing()
    fail(full())
    const { mail, handled } = mailing()
    await using system = startParcels({ reactions: [mail] }, { consumers: records })
    const last = await pack(system.store, 'a')
    await until(() => expect(failed()).toBeGreaterThan(1))
    await reaches(system, 'mail', { state: 'retrying', error: { code: 'store_full' } })
    fail()
    await system.waitFor(mail, last, patient)
    expect(handled).toEqual(['a1'])
  })

  test('records that never answer do not block a close, and this is reported', async () => {
    const records = memoryConsumers()
    let isDead = false
    const dead: ConsumerRecords = {
      load: (name) => records.load(name),
      save: (record) => (isDead ? new Promise(() => {}) : records.save(record)),
    }
    const { mail } = mailing()
    const system = startParcels({ reactions: [mail] }, { consumers: dead })
    await reaches(system, 'mail', { state: 'running' })
    isDead = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    await pack(system.store, 'a')
    await vi.advanceTimersByTimeAsync(recordMsMax)
    await reaches(system, 'mail', { state: 'retrying', error: { code: 'io_failed' } })
    const closed = system.close()
    await vi.advanceTimersByTimeAsync(recordMsMax)
    await closed
  })

  test('a log that cannot be read for a while is reported, and nothing is lost', async () => {
    const store = memoryStore()
    let isBroken = false
    const broken: EventStore = {
      ...store,
      async *subscribe(...args) {
        for await (const batch of store.subscribe(...args)) {
          if (isBroken) throw new IndelibleError('io_failed', 'The disk is broken (injected).')
          yield batch
        }
      },
    }
    const { mail, handled } = mailing()
    await using system = startParcels({ reactions: [mail] }, { store: broken })
    await system.waitFor(mail, await pack(store, 'a'), patient)
    isBroken = true
    const last = await pack(store, 'b')
    await reaches(system, 'mail', { state: 'retrying', error: { code: 'io_failed' } })
    isBroken = false
    await system.waitFor(mail, last, patient)
    expect(handled).toEqual(['a1', 'b1'])
  })

  test('if the log cannot be read while parked events are tried again, they are tried later', async () => {
    const store = memoryStore()
    let isBroken = false
    const broken: EventStore = {
      ...store,
      async *read(...args) {
        if (isBroken) throw new IndelibleError('io_failed', 'The disk is broken (injected).')
        yield* store.read(...args)
      },
    }
    const { mail, handled, bad } = mailing()
    bad.add('a')
    await using system = startParcels({ reactions: [mail] }, { store: broken })
    await system.waitFor(mail, await pack(store, 'a', 'a'), patient)
    bad.clear()
    isBroken = true
    await system.consumers.resume(mail)
    await reaches(system, 'mail', { state: 'retrying', error: { code: 'io_failed' } })
    isBroken = false
    await reaches(system, 'mail', { state: 'running', parked: [] })
    expect(handled).toEqual(['a1', 'a2'])
  })

  test('a pause does not wait for the retry of a fault', async () => {
    const { records, fail } = failing()
    const { mail } = mailing()
    await using system = startParcels({ reactions: [mail] }, { consumers: records })
    fail(full())
    await reaches(system, 'mail', { state: 'retrying' })
    fail()
    await system.consumers.pause(mail)
    await reaches(system, 'mail', { state: 'paused' })
  })

  test('a damaged record stops only its own consumer and says what to do, until a copy is put back', async () => {
    const dir = join(temporaryDirectory(), 'consumers')
    const store = memoryStore()
    const { mail, handled } = mailing()
    const others: string[] = []
    const labels = reaction('labels').on(ParcelPacked, (_data, { streamId }) => void others.push(streamId))
    const start = () =>
      startParcels(
        { reactions: [mail, labels], sagas: [delivery] },
        { store: lasting(store), consumers: fileConsumers({ dir }) },
      )
    const first = start()
    await first.waitFor(mail, await pack(store, 'a'), patient)
    await first.waitFor(labels, 1, patient)
    await first.close()
    const path = join(dir, 'mail.json')
    const copy = readFileSync(path)
    writeFileSync(path, copy.subarray(0, copy.length - 3))
    const second = start()
    const last = await pack(store, 'b')
    await second.waitFor(labels, last, patient)
    await second.waitFor(delivery, last, patient)
    const error = {
      code: 'consumer_damaged',
      message: expect.stringMatching(/mail\.json.*Put back a copy.*begins as a new one/),
    }
    await reaches(second, 'mail', { state: 'retrying', error })
    await expect(second.consumers.pause(mail)).rejects.toMatchObject({ code: 'consumer_damaged' })
    expect(handled).toEqual(['a1'])
    expect(readFileSync(path)).toEqual(copy.subarray(0, copy.length - 3))
    writeFileSync(path, copy)
    await second.waitFor(mail, last, patient)
    expect(handled).toEqual(['a1', 'b1'])
    expect(others).toEqual(['a', 'b'])
    await second.close()
  })

  test('a directory that cannot be written is reported, and nothing is lost when it can be written again', async () => {
    const dir = join(temporaryDirectory(), 'consumers')
    writeFileSync(dir, 'A file is in the way.')
    const { mail, handled } = mailing()
    await using system = startParcels({ reactions: [mail] }, { consumers: fileConsumers({ dir }) })
    const last = await pack(system.store, 'a')
    await reaches(system, 'mail', { state: 'retrying', error: { code: 'io_failed' } })
    rmSync(dir)
    mkdirSync(dir)
    await system.waitFor(mail, last, patient)
    expect(handled).toEqual(['a1'])
    await system.close()
    expect(readdirSync(dir).toSorted()).toEqual(['$schedule.1.0.json', '$schedule.json', 'mail.json'])
  })

  test('a log restored from an older copy of its directory is another history', async () => {
    const root = temporaryDirectory()
    const { cpSync } = await import('node:fs')
    const { mail, handled } = mailing()
    const consumers = fileConsumers({ dir: join(root, 'consumers') })
    const start = async () =>
      startParcels({ reactions: [mail] }, { store: await fileStore({ dir: join(root, 'log') }), consumers })
    const first = await start()
    await first.waitFor(mail, await pack(first.store, 'a'), patient)
    await first.close()
    cpSync(join(root, 'log'), join(root, 'copy'), { recursive: true })
    const second = await start()
    await second.waitFor(mail, await pack(second.store, 'b'), patient)
    await second.close()
    rmSync(join(root, 'log'), { recursive: true })
    cpSync(join(root, 'copy'), join(root, 'log'), { recursive: true })
    const third = await start()
    await reaches(third, 'mail', { state: 'diverged', position: 2 })
    await third.consumers.resume(mail)
    await third.waitFor(mail, await pack(third.store, 'c'), patient)
    expect(handled).toEqual(['a1', 'b1', 'c1'])
    await third.close()
  })
})
