import { defineSystem, type EventStore, IndelibleError, saga, startSystem } from 'indelible'
import { stateAsOf } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { crashingStore, manualClock } from 'indelible/testing'
import { expect, test, vi } from 'vitest'
import { AskMove, MoveAsked, moveSaga, PayIn, parts, startTills, statuses, Take, till, tills } from './till.ts'

const cashOf = async (store: EventStore, id: string) => (await stateAsOf(store, till, { id })).state.cash
const typesIn = async (store: EventStore, stream: `${string}-${string}`) =>
  (await Array.fromAsync(store.read([{ streams: [stream] }]))).flatMap(({ events }) => events.map(({ type }) => type))

test('a saga runs its steps and records each transition together with the command it sends next', async () => {
  await using system = startTills()
  await system.send(PayIn('a', { amount: 10 }))
  await system.send(AskMove('m', { from: 'a', to: 'b', amount: 4 }), { correlationId: 'corr', validAt: '2020-01-01' })
  expect(await system.waitForSaga(moveSaga, 'm')).toMatchObject({ status: 'completed', done: ['take', 'payIn'] })
  expect([await cashOf(system.store, 'a'), await cashOf(system.store, 'b')]).toEqual([6, 4])
  expect(await typesIn(system.store, '$saga.move-m')).toEqual([
    '$SagaStarted',
    '$StepSent',
    '$StepDone',
    '$StepSent',
    '$StepDone',
    '$SagaCompleted',
  ])
  const [paid] = (await Array.fromAsync(system.store.read([{ streams: ['till-b'] }]))).flatMap(({ events }) => events)
  expect(paid).toMatchObject({
    validAt: '2020-01-01',
    metadata: { actor: 'saga:move', correlationId: 'corr', sagaId: 'm' },
  })
})

test('when a step is refused, the steps before it are compensated', async () => {
  await using system = startTills()
  await system.send(PayIn('a', { amount: 10 }))
  await system.send(AskMove('m', { from: 'a', to: 'closed', amount: 4 }))
  expect(await system.waitForSaga(moveSaga, 'm')).toMatchObject({
    status: 'compensated',
    done: [],
    failure: { step: 'payIn', reason: 'Closed' },
  })
  expect(await cashOf(system.store, 'a')).toBe(10)
  expect(await typesIn(system.store, 'till-a')).toEqual(['CashPaidIn', 'CashTaken', 'CashPaidIn'])
})

test('a refused first step leaves nothing to compensate', async () => {
  await using system = startTills()
  await system.send(AskMove('m', { from: 'a', to: 'b', amount: 4 }))
  expect(await system.waitForSaga(moveSaga, 'm')).toMatchObject({
    status: 'compensated',
    failure: { step: 'take', reason: 'TooLittle' },
  })
})

test('the saga is continued and moves the cash exactly once, at whichever append the process dies', async () => {
  for (const to of ['b', 'closed']) {
    for (let after = 0; after < 12; after++) {
      for (const written of [false, true]) {
        const store = memoryStore()
        const seeding = startTills({ store: { ...store, close: async () => {} } })
        await seeding.send(PayIn('a', { amount: 10 }))
        await seeding.close()
        await store.append({ events: [{ stream: 'move-m', type: 'MoveAsked', data: { from: 'a', to, amount: 4 } }] })

        const dying = crashingStore(store, { after, written })
        const first = startTills({ store: dying })
        await vi.waitFor(async () => {
          const ends = await Array.fromAsync(store.read([{ types: ['$SagaCompleted', '$SagaCompensated'] }]))
          expect(dying.hasCrashed || ends.length > 0).toBe(true)
        })
        await first.close()

        await using second = startTills({ store })
        const state = await second.waitForSaga(moveSaga, 'm')
        expect(state.status, `crash after ${after} appends, written: ${written}`).toBe(
          to === 'b' ? 'completed' : 'compensated',
        )
        const total = (await cashOf(store, 'a')) + (await cashOf(store, 'b'))
        expect([total, await cashOf(store, 'a')]).toEqual([10, to === 'b' ? 6 : 10])
      }
    }
  }
})

test('when a compensation is refused, the saga needs intervention, with the reason, until it is resumed', async () => {
  let isOpen = false
  const input = ({ amount }: { amount: number }) => ({ amount })
  const stubborn = saga('stubborn', { startsOn: MoveAsked })
    .step('take', {
      command: Take,
      to: ({ from }) => from,
      input,
      compensate: { command: PayIn, to: ({ from }) => (isOpen ? from : 'closed'), input },
    })
    .step('payIn', { command: PayIn, to: () => 'closed', input })
  const shared = parts()
  const system = startSystem(defineSystem({ ...tills, sagas: [stubborn] }), shared)
  await system.send(PayIn('a', { amount: 10 }))
  await system.send(AskMove('m', { from: 'a', to: 'b', amount: 4 }))
  expect(await system.waitForSaga(stubborn, 'm')).toMatchObject({
    status: 'compensationFailed',
    compensationFailure: { step: 'take', reason: 'Closed' },
    done: ['take'],
  })
  await vi.waitFor(async () => {
    const [status] = await statuses(system, 'saga')
    expect(status!.needsIntervention).toEqual([{ sagaId: 'm', problem: expect.stringContaining('Closed') }])
  })
  isOpen = true
  expect(await system.resumeSaga(stubborn, 'm', { actor: 'olga' })).toBe(true)
  await vi.waitFor(async () => expect(await system.saga(stubborn, 'm')).toMatchObject({ status: 'compensated' }))
  expect(await cashOf(shared.store, 'a')).toBe(10)
  expect(await system.resumeSaga(stubborn, 'm')).toBe(false)
  await system.close()
})

test('a saga whose step throws needs intervention, is shown so, and continues when resumed', async () => {
  let isBroken = true
  const fragile = saga('fragile', { startsOn: MoveAsked }).step('payIn', {
    command: PayIn,
    to: ({ to }) => to,
    input: ({ amount }) => {
      if (isBroken) throw new Error('bug in a step')
      return { amount }
    },
  })
  await using system = startSystem(defineSystem({ ...tills, sagas: [fragile] }), parts())
  await system.send(AskMove('m', { from: 'a', to: 'b', amount: 4 }))
  await vi.waitFor(async () => {
    const [status] = await statuses(system, 'saga')
    expect(status!.needsIntervention).toEqual([
      { sagaId: 'm', problem: expect.stringMatching(/Step "payIn" .*bug in a step/) },
    ])
  })
  isBroken = false
  await system.resumeSaga(fragile, 'm', { actor: 'olga' })
  expect(await system.waitForSaga(fragile, 'm')).toMatchObject({ status: 'completed' })
  const batches = await Array.fromAsync(system.store.read([{ streams: ['$operator-fragile'] }]))
  expect(batches.flatMap(({ events }) => events)).toMatchObject([
    { type: '$SagaRetried', data: { name: 'fragile', sagaId: 'm' }, metadata: { actor: 'olga' } },
  ])
})

test('a step that times out is compensated, and its command can never be carried out later', async () => {
  const clock = manualClock()
  const store = memoryStore()
  // Till b does not answer: every append to it fails, as on a full disk.
  const failing: EventStore = {
    ...store,
    async append(commit, options) {
      if (commit.events[0]!.stream === 'till-b') throw new IndelibleError('store_full', 'no space')
      return await store.append(commit, options)
    },
  }
  await using system = startTills({ store: failing, clock })
  await system.send(PayIn('a', { amount: 10 }))
  await system.send(AskMove('m', { from: 'a', to: 'b', amount: 4 }))
  await vi.waitFor(async () => expect((await statuses(system, 'saga'))[0]!.error?.message).toContain('no space'))
  clock.advance(61_000)
  expect(await system.waitForSaga(moveSaga, 'm')).toMatchObject({
    status: 'compensated',
    failure: { step: 'payIn', reason: 'TimedOut' },
  })
  expect(await cashOf(store, 'a')).toBe(10)
  const commandId = '$saga.move-m:payIn:do'
  const events = [{ stream: 'till-b', type: 'CashPaidIn', data: { amount: 4 } }] as const
  const late = await store.append({ events, commandId }, { reserved: true })
  expect(late.status).toBe('duplicate')
})

test('a step that was carried out but whose answer was lost counts as done, even after its timeout', async () => {
  const clock = manualClock()
  const store = memoryStore()
  let lost = 0
  const forgetful: EventStore = {
    ...store,
    async append(commit, options) {
      const outcome = await store.append(commit, options)
      if (commit.events[0]!.stream !== 'till-b' || lost++ > 0) return outcome
      clock.advance(61_000)
      throw new IndelibleError('io_failed', 'the answer was lost')
    },
  }
  await using system = startTills({ store: forgetful, clock })
  await system.send(PayIn('a', { amount: 10 }))
  await system.send(AskMove('m', { from: 'a', to: 'b', amount: 4 }))
  expect(await system.waitForSaga(moveSaga, 'm')).toMatchObject({ status: 'completed' })
  expect([await cashOf(store, 'a'), await cashOf(store, 'b')]).toEqual([6, 4])
})

test('a saga with the longest possible id runs like any other', async () => {
  await using system = startTills()
  const id = 'ü'.repeat(128)
  await system.send(PayIn('a', { amount: 10 }))
  await system.send(AskMove(id, { from: 'a', to: 'closed', amount: 4 }))
  expect(await system.waitForSaga(moveSaga, id)).toMatchObject({ status: 'compensated' })
  await expect(system.send(AskMove(`${id}x`, { from: 'a', to: 'b', amount: 4 }))).rejects.toMatchObject({
    code: 'invalid_stream_name',
  })
})

test('a start event that cannot start a saga is shown, and the others go on', async () => {
  await using system = startTills()
  const huge = { from: 'a', to: 'b', amount: 4, padding: 'x'.repeat(4 * 1024 * 1024 - 60) }
  await system.store.append({ events: [{ stream: 'move-huge', type: 'MoveAsked', data: huge }] })
  await system.send(PayIn('a', { amount: 10 }))
  await system.send(AskMove('m', { from: 'a', to: 'b', amount: 4 }))
  expect(await system.waitForSaga(moveSaga, 'm')).toMatchObject({ status: 'completed' })
  expect((await statuses(system, 'saga'))[0]!.needsIntervention).toEqual([
    { sagaId: 'huge', problem: expect.stringContaining('bytes') },
  ])
})

test('300 sagas that run at once all end, and none starts again after a restart', async () => {
  const store = memoryStore()
  const system = startTills({ store: { ...store, close: async () => {} } })
  await system.send(PayIn('a', { amount: 300 }))
  await Promise.all(
    Array.from({ length: 300 }, (_, n) => system.send(AskMove(`m${n}`, { from: 'a', to: `b${n % 7}`, amount: 1 }))),
  )
  for (let n = 0; n < 300; n++)
    expect(await system.waitForSaga(moveSaga, `m${n}`)).toMatchObject({ status: 'completed' })
  await system.close()
  const { position } = await store.head()
  await using again = startTills({ store })
  await vi.waitFor(async () =>
    expect((await statuses(again, 'saga'))[0]).toMatchObject({ state: 'running', active: 0 }),
  )
  expect((await store.head()).position).toBe(position)
  expect(await cashOf(store, 'a')).toBe(0)
})

test('building a read table fires no saga', async () => {
  const shared = parts()
  const first = startTills({ ...shared, store: { ...shared.store, close: async () => {} } })
  await first.send(PayIn('a', { amount: 10 }))
  await first.send(AskMove('m', { from: 'a', to: 'b', amount: 4 }))
  await first.waitForSaga(moveSaga, 'm')
  await first.close()
  const { position } = await shared.store.head()
  // Fresh tables: everything is projected again.
  await using again = startTills({ store: shared.store })
  await again.waitFor({ name: 'tills' }, position)
  expect((await shared.store.head()).position).toBe(position)
})

test('an undeclared saga is an error, a saga that was not started is undefined, and a wait for it times out', async () => {
  await using system = startTills()
  await expect(system.saga({ name: 'nosuch' }, 'm')).rejects.toMatchObject({ code: 'unknown_saga' })
  expect(await system.saga(moveSaga, 'm')).toBeUndefined()
  await expect(system.waitForSaga(moveSaga, 'm', { timeoutMs: 20 })).rejects.toMatchObject({ code: 'wait_timeout' })
  const timeoutMs = Number.NaN
  await expect(system.waitForSaga(moveSaga, 'm', { timeoutMs })).rejects.toMatchObject({ code: 'invalid_duration' })
})
