// The feed of another system: its events are copied into this log, each once and in order, whatever gets lost or comes twice.
import {
  bigint,
  defineSystem,
  type FeedStatus,
  policy,
  projection,
  type RecordedEvent,
  type RunningSystem,
  remoteSystem,
  saga,
  startSystem,
  text,
} from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { operations } from 'indelible/operations'
import { connectTo, crashingStore } from 'indelible/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  AskWire,
  cashOf,
  commands,
  farBranch,
  type Line,
  lineTo,
  lost,
  memory,
  nearBranch,
  Open,
  other,
  PaidIn,
  PayIn,
  WireAsked,
} from './branches.ts'

const patience = { timeoutMs: 20_000 }
const patient = { timeout: 20_000 }

function branches(line: Line = {}, options: Parameters<typeof nearBranch>[1] = {}) {
  const far = { running: farBranch() }
  const near = nearBranch(lineTo(far, line), { sagas: [], ...options })
  onTestFinished(async () => {
    await near.close()
    await far.running.close()
  })
  return { near, far, line }
}

async function copied({ store }: Pick<RunningSystem, 'store'>): Promise<readonly RecordedEvent[]> {
  const batches = await Array.fromAsync(store.read([{ types: ['other.PaidIn', 'other.Opened'] }]))
  return batches.flatMap(({ events }) => events)
}

async function caughtUp(near: RunningSystem, far: RunningSystem): Promise<void> {
  await near.waitFor(other, (await far.store.head()).position, patience)
}

async function feedOf(near: RunningSystem): Promise<FeedStatus> {
  return (await near.consumers.show(other)) as FeedStatus
}

async function payIn(far: RunningSystem, amounts: readonly number[], id = 'b'): Promise<void> {
  for (const amount of amounts) await far.send(PayIn(id, { amount }))
}

const amountsOf = (events: readonly RecordedEvent[]) => events.map(({ data }) => (data as { amount: number }).amount)

test('an event is copied with its id, data, tags, cause and correlation, under names that say where it comes from', async () => {
  const { near, far } = branches()
  await far.running.send(PayIn('b', { amount: 3 }), { actor: 'ada', correlationId: 'c-1', validAt: '2026-01-02' })
  await caughtUp(near, far.running)
  const [event] = await copied(near)
  const [batch] = await Array.fromAsync(far.running.store.read([{ types: ['PaidIn'] }]))
  const original = batch!.events[0]!
  const { id, tags, validAt, metadata, schemaVersion } = original
  expect(event).toMatchObject({ id, tags, validAt, schemaVersion, stream: 'other.till-b', type: 'other.PaidIn' })
  expect(event!.data).toEqual({ amount: 3 })
  const { position, version, recordedAt } = original
  expect(event!.metadata).toEqual({ ...metadata, remote: { system: 'other', position, version, recordedAt } })
})

test('events come in their order, those before the start and those after, and a reader waits for them', async () => {
  const { near, far } = branches()
  await payIn(far.running, [1, 2, 3])
  await caughtUp(near, far.running)
  await payIn(far.running, [4, 5], 'c')
  await far.running.send(Open('b', {}))
  await payIn(far.running, [6])
  await caughtUp(near, far.running)
  expect((await copied(near)).map(({ stream, type }) => `${stream} ${type}`)).toEqual([
    ...Array(3).fill('other.till-b other.PaidIn'),
    ...Array(2).fill('other.till-c other.PaidIn'),
    'other.till-b other.Opened',
    'other.till-b other.PaidIn',
  ])
  expect(await feedOf(near)).toMatchObject({ kind: 'feed', state: 'running', position: 7, lagEvents: 0 })
})

test('a page that gets lost is read again, and no event is copied twice', async () => {
  let pages = 0
  const { near, far } = branches({
    after: (what) => {
      if (what === 'readFeed' && pages++ % 3 !== 2) lost()
    },
  })
  await payIn(far.running, [1, 2, 3])
  await caughtUp(near, far.running)
  await payIn(far.running, [4])
  await caughtUp(near, far.running)
  expect(amountsOf(await copied(near))).toEqual([1, 2, 3, 4])
})

test('while the other system cannot be reached the feed says so, and the system is healthy', async () => {
  const { near, line } = branches({ before: lost })
  await vi.waitFor(async () => {
    const error = { code: 'remote_unavailable', message: 'The line is dead.' }
    expect(await feedOf(near)).toMatchObject({ state: 'retrying', error })
  })
  expect(await operations.health.run(near, {})).toMatchObject({ status: 'ok' })
  delete line.before
  // There is no event yet.
  await vi.waitFor(async () => expect(await feedOf(near)).toMatchObject({ state: 'running' }))
})

test('at whichever append the process dies, and with whichever checkpoint it starts again, every event is copied once', async () => {
  const far = farBranch()
  onTestFinished(() => far.close())
  await payIn(far, [1, 2, 3, 4])
  for (const isCheckpointKept of [true, false]) {
    for (let after = 0; after < 4; after++) {
      for (const written of [false, true]) {
        const [store, consumers] = [memoryStore(), memoryConsumers()]
        const dying = crashingStore(store, { after, written })
        const first = nearBranch(connectTo(far), { store: dying, consumers, sagas: [] })
        await vi.waitFor(() => expect(dying.hasCrashed).toBe(true))
        await first.close()
        const second = nearBranch(connectTo(far), {
          store,
          sagas: [],
          consumers: isCheckpointKept ? consumers : memoryConsumers(),
        })
        await caughtUp(second, far)
        expect(amountsOf(await copied(second))).toEqual([1, 2, 3, 4])
        await second.close()
      }
    }
  }
})

test('a feed is paused over restarts, and resumed', async () => {
  const far = farBranch()
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  const open = crashingStore(store, { after: Number.POSITIVE_INFINITY, written: false })
  const first = nearBranch(connectTo(far), { store: open, consumers, sagas: [] })
  await payIn(far, [1])
  await caughtUp(first, far)
  await first.consumers.pause(other, { actor: 'ada' })
  await first.close()
  await payIn(far, [2])
  const second = nearBranch(connectTo(far), { store, consumers, sagas: [] })
  await vi.waitFor(async () => expect(await feedOf(second)).toMatchObject({ state: 'paused' }))
  expect(amountsOf(await copied(second))).toEqual([1])
  await second.consumers.resume(other)
  await caughtUp(second, far)
  expect(amountsOf(await copied(second))).toEqual([1, 2])
  await second.close()
  await far.close()
})

test('an event that cannot be recorded here parks the feed, and its resume tries again', async () => {
  const { near, far } = branches()
  const stream = `${'a'.repeat(78)}-1` as const
  await far.running.store.append({ events: [{ stream, type: 'PaidIn', data: { amount: 1 } }] })
  await payIn(far.running, [2])
  await vi.waitFor(async () => {
    const message = expect.stringContaining('cannot copy PaidIn at position 1 there')
    expect(await feedOf(near)).toMatchObject({ state: 'parked', error: { code: 'consumer_parked', message } })
  })
  await expect(near.waitFor(other, 2, patience)).rejects.toMatchObject({ code: 'consumer_parked' })
  await near.consumers.resume(other)
  await vi.waitFor(async () => expect(await feedOf(near)).toMatchObject({ state: 'parked' }))
  expect(await copied(near)).toEqual([])
})

test('a feed whose other log was restored from an older copy stops, and when resumed copies what is new there', async () => {
  const { near, far } = branches()
  await payIn(far.running, [1, 2, 3])
  const batches = await Array.fromAsync(far.running.store.read('all', { to: 2 }))
  const older = batches.flatMap(({ events }) => events)
  await caughtUp(near, far.running)
  const before = far.running
  const store = memoryStore()
  for (const { id, stream, type, data, metadata } of older)
    await store.append({ events: [{ id, stream, type, data, metadata }] })
  far.running = farBranch({ store })
  await before.close()
  await payIn(far.running, [30, 40])
  await vi.waitFor(async () => {
    expect(await feedOf(near)).toMatchObject({ state: 'diverged', error: { code: 'feed_diverged' } })
  }, patient)
  expect(amountsOf(await copied(near))).toEqual([1, 2, 3])
  await near.consumers.resume(other)
  await vi.waitFor(async () => expect(amountsOf(await copied(near))).toEqual([1, 2, 3, 30, 40]), patient)
  expect(await feedOf(near)).toMatchObject({ state: 'running', position: 4 })
})

test('a feed from now on leaves history alone, and nothing is sent before it is known what now is', async () => {
  const recent = remoteSystem('other', { commands: [PayIn], events: [PaidIn] })
  const wiring = saga('wiring', { startsOn: WireAsked, from: 'beginning' })
    .step('payIn', {
      command: recent.commands.PayIn,
      to: ({ to }) => to,
      input: ({ amount }) => ({ amount }),
      compensate: 'nothing',
    })
    .awaitEvent('heard', recent.events.PaidIn, { correlate: (_data, { streamId }) => streamId, within: 'forever' })
  const far = { running: farBranch() }
  await payIn(far.running, [1, 2])
  const line: Line = { before: (what) => (what === 'readFeed' ? lost() : undefined) }
  const system = defineSystem({ name: 'near', commands, sagas: [wiring], remotes: [recent] })
  const near = startSystem(system, { ...memory(), remotes: { other: lineTo(far, line) } })
  await near.send(AskWire('b', { from: 'a', to: 'b', amount: 5 }))
  await vi.waitFor(async () => expect((await near.consumers.show(wiring)) as object).toMatchObject({ waiting: 1 }))
  expect(await cashOf(far.running)).toEqual(['till-b +1', 'till-b +2'])
  delete line.before
  expect((await near.waitForSaga(wiring, 'b', patience)).status).toBe('completed')
  expect(amountsOf(await copied(near))).toEqual([5])
  await near.close()
  await far.running.close()
})

test('a saga starts on an event of another system, hears an answer from it later, and is cancelled by it', async () => {
  const heard = saga('heard', { startsOn: other.events.PaidIn, cancelsOn: other.events.Opened, from: 'beginning' })
    .step('note', {
      command: PayIn,
      to: (_data, { sagaId }) => `near-${sagaId}`,
      input: ({ amount }) => ({ amount }),
      compensate: { command: PayIn, to: () => 'back', input: ({ amount }) => ({ amount }) },
    })
    .awaitEvent('second', other.events.PaidIn, { within: 'forever' })
    .step('sum', {
      command: PayIn,
      to: () => 'sum',
      input: ({ amount }, { answers }) => ({ amount: amount + answers.second.amount }),
    })
  const { near, far } = branches({}, { sagas: [heard] })
  await payIn(far.running, [1, 2], 'b')
  expect((await near.waitForSaga(heard, 'b', patience)).status).toBe('completed')
  await payIn(far.running, [7], 'c')
  await far.running.send(Open('c', {}))
  const { status, failure } = await near.waitForSaga(heard, 'c', patience)
  expect({ status, reason: failure?.reason }).toEqual({ status: 'compensated', reason: 'other.Opened' })
  expect(await cashOf(near)).toEqual(['till-near-b +1', 'till-sum +3', 'till-near-c +7', 'till-back +7'])
})

test('a policy and a projection use events of another system like any other', async () => {
  const table = projection('far_cash', { table: { till: text().key(), cash: bigint() } }).write(
    other.events.PaidIn,
    ({ amount }, { streamId }) => ({ till: streamId, cash: amount }),
  )
  const mirrors = policy('mirrors', { sends: [PayIn], from: 'beginning' }).on(
    other.events.PaidIn,
    ({ amount }, { streamId }) => PayIn(streamId, { amount }),
  )
  const far = farBranch()
  const system = defineSystem({ name: 'near', commands, projections: [table], policies: [mirrors], remotes: [other] })
  const near = startSystem(system, { ...memory(), remotes: { other: connectTo(far) } })
  await payIn(far, [4], 'b')
  await caughtUp(near, far)
  const { position } = await near.store.head()
  await near.waitFor(table, position, patience)
  await near.waitFor(mirrors, position, patience)
  expect(await near.select(table)).toEqual([{ till: 'b', cash: 4 }])
  expect(await cashOf(near)).toEqual(['till-b +4'])
  await near.close()
  await far.close()
})

test('two systems that run the same declaration and hear each other keep their own events apart', async () => {
  const near = { running: undefined as never as RunningSystem }
  const far = { running: undefined as never as RunningSystem }
  near.running = nearBranch(lineTo(far, { before: () => (far.running ? undefined : lost()) }), { sagas: [] })
  far.running = nearBranch(lineTo(near, {}), { sagas: [] })
  await payIn(near.running, [1, 2])
  await payIn(far.running, [10])
  await vi.waitFor(async () => expect(amountsOf(await copied(near.running))).toEqual([10]), patient)
  await vi.waitFor(async () => expect(amountsOf(await copied(far.running))).toEqual([1, 2]), patient)
  expect(await cashOf(near.running)).toEqual(['till-b +1', 'till-b +2'])
  expect(await cashOf(far.running)).toEqual(['till-b +10'])
  await near.running.close()
  await far.running.close()
})
