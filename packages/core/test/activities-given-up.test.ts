// An activity whose time is over: a timeout says nothing about the service, so nothing follows before it says that it never will, or what it decided.
import { IndelibleError, type ServiceConnection, type ServiceResponse } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { crashingStore, fakeService, manualClock } from 'indelible/testing'
import { expect, test, vi } from 'vitest'
import {
  ask,
  buying,
  buyingWith,
  Charge,
  chargeWith,
  ended,
  endedAfter,
  lost,
  patient,
  payments,
  problemsOf,
  recorded,
  shop,
  shopWith,
} from './charging.ts'
import { written } from './notebook.ts'

const minute = 60_000
/** The requests get lost on their way to the service. */
const unreached = () =>
  payments(({ method }) => {
    if (method === 'POST') throw lost()
    return undefined
  })

test('a service that does not answer in time is asked not to do it any more before anything is taken back', async () => {
  const { service, charges } = unreached()
  const started = shop(service)
  await started.running.send(ask())
  expect(await endedAfter(started)).toMatchObject({
    status: 'compensated',
    failure: { step: 'charge', reason: 'TimedOut' },
  })
  const [first, last] = [service.requests[0]!, service.requests.at(-1)!]
  expect([last.method, last.path]).toEqual(['DELETE', `/charges/${encodeURIComponent(first.idempotencyKey)}`])
  expect(charges.size).toBe(0)
})

test('to give something up is another thing than to do it, and has a key of its own', async () => {
  const { service } = unreached()
  const started = shop(service)
  await started.running.send(ask())
  await endedAfter(started)
  const keysOf = (method: string) => [
    ...new Set(service.requests.flatMap((each) => (each.method === method ? [each.idempotencyKey] : []))),
  ]
  const [key] = keysOf('POST')
  expect(keysOf('POST')).toEqual([key])
  expect(keysOf('DELETE')).toEqual([`${key}:giveUp`])
})

test('what a service had done when its time was over counts as done', async () => {
  const { service, charges } = payments()
  const started = shop(losingAnswers(service))
  await started.running.send(ask())
  expect(await endedAfter(started)).toMatchObject({ status: 'completed' })
  expect(await written(started.running)).toEqual(['first', 'ch1'])
  expect(charges.size).toBe(1)
})

test('what a service had refused when its time was over counts as refused, with its details', async () => {
  const service = fakeService(({ method }) =>
    method === 'POST' ? { status: 402, body: { limit: 2 } } : { status: 409, body: undefined },
  )
  const started = shop(losingAnswers(service))
  await started.running.send(ask())
  expect(await endedAfter(started)).toMatchObject({
    status: 'compensated',
    failure: { step: 'charge', reason: 'Declined', details: { limit: 2 } },
  })
})

test('what is under way when its time is over is waited for', async () => {
  let left = 4
  const { service, charges } = payments(({ method }) => {
    // The answer to the first request is lost, and the service works on.
    if (method === 'POST' && left-- === 4) throw lost()
    return left > 0 ? { status: 409, body: undefined } : undefined
  })
  const started = shop(service)
  await started.running.send(ask())
  expect(await endedAfter(started, minute)).toMatchObject({ status: 'completed' })
  expect(service.requests.map(({ method }) => method)).toContain('DELETE')
  expect(charges.size).toBe(1)
})

test('a request that was aborted and arrives after it was given up does nothing', async () => {
  const { service, charges } = payments()
  const late: (() => Promise<ServiceResponse>)[] = []
  const slow: ServiceConnection = {
    call(request, options) {
      if (request.method !== 'POST') return service.call(request, options)
      late.push(() => service.call(request, options))
      return new Promise((_resolve, reject) => {
        const aborted = () => reject(new IndelibleError('aborted', 'The caller gave up.'))
        options.signal.addEventListener('abort', aborted, { once: true })
      })
    },
  }
  const started = shop(slow)
  await started.running.send(ask())
  await vi.waitFor(() => expect(late).toHaveLength(1), patient)
  expect(await endedAfter(started)).toMatchObject({ status: 'compensated', failure: { reason: 'TimedOut' } })
  const { position } = await started.running.store.head()
  for (const arrive of late) expect(await arrive()).toMatchObject({ status: 410 })
  expect(charges.size).toBe(0)
  expect((await started.running.store.head()).position).toBe(position)
})

test('a service that knows nothing of the key has promised nothing: a person looks, unless the activity declares it', async () => {
  const forgetful = () =>
    fakeService(({ method }) => {
      if (method === 'POST') throw lost()
      return { status: 404, body: undefined }
    })
  const doubtful = shop(forgetful())
  await doubtful.running.send(ask())
  await vi.waitFor(async () => expect((await doubtful.running.saga(buying, '1'))?.pending).toHaveLength(1), patient)
  doubtful.clock.advance(minute)
  expect(await problemsOf(doubtful.running)).toEqual([
    expect.stringMatching(/cannot be given up.*answered 404 to Charge.*declare givenUpBy/s),
  ])
  expect(await written(doubtful.running)).toEqual(['first'])

  const charge = chargeWith({ givenUpBy: [404] })
  const promised = shop(forgetful(), {}, shopWith(charge))
  await promised.running.send(ask())
  expect(await endedAfter(promised)).toMatchObject({ status: 'compensated', failure: { reason: 'TimedOut' } })
})

test('the request that gives up is made of the input as its schema gives it', async () => {
  const { service } = unreached()
  const charge = chargeWith({ giveUp: 'DELETE /charges/{idempotencyKey}/in/{region}' })
  const started = shop(service, {}, shopWith(charge))
  await started.running.send(ask())
  expect(await endedAfter(started)).toMatchObject({ status: 'compensated' })
  expect(service.requests.at(-1)!.path).toMatch(/^\/charges\/[^/]+\/in\/eu$/)
})

test.each([
  ['with the time over', minute],
  ['at a time before that, as clocks go', 0],
])('a process that dies after the service gave it up, and before that is recorded, goes on %s', async (_when, ms) => {
  let isDown = true
  const { service, charges } = payments(({ method }) => {
    if (method === 'POST' && isDown) throw lost()
    return undefined
  })
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  const dying = crashingStore(store, {
    after: 0,
    written: false,
    at: ({ events }) => events.some(({ type }) => type === '$StepTimedOut'),
  })
  const first = shop(service, { store: dying, consumers })
  await first.running.send(ask())
  await vi.waitFor(() => expect(service.requests).not.toEqual([]), patient)
  await vi.waitFor(() => {
    first.clock.advance(minute)
    expect(dying.hasCrashed).toBe(true)
  }, patient)
  await first.running.close()
  isDown = false
  const clock = manualClock()
  clock.advance(ms)
  const second = shop(service, { store, consumers, clock })
  expect(await ended(second.running)).toMatchObject({ status: 'compensated', failure: { reason: 'TimedOut' } })
  expect(charges.size).toBe(0)
  expect(await recorded(second.running, 'Charged')).toEqual([])
})

test('of two processes that ask at the same time, one has the answer, and it is recorded once', async () => {
  const { service, charges } = payments()
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let requests = 0
  const busy: ServiceConnection = {
    async call(request, options) {
      const nth = ++requests
      if (nth === 1) {
        first.resolve()
        await second.promise
      }
      if (nth !== 2) return await service.call(request, options)
      second.resolve()
      return { status: 409, body: undefined }
    },
  }
  const store = shared()
  const one = shop(busy, { store })
  await one.running.send(ask())
  await first.promise
  const other = shop(busy, { store })
  expect(await ended(one.running)).toMatchObject({ status: 'completed' })
  expect(await endedAfter(other)).toMatchObject({ status: 'completed' })
  expect(charges.size).toBe(1)
  expect(await recorded(one.running, 'Charged')).toHaveLength(1)
})

test('what another process has recorded meanwhile stands, and needs nobody', async () => {
  const refusing = fakeService(() => ({ status: 402, body: { limit: 2 } }))
  const store = shared()
  const late: ServiceConnection = {
    async call({ method }) {
      if (method === 'POST') throw lost()
      const other = shop(refusing, { store })
      expect(await ended(other.running)).toMatchObject({ failure: { reason: 'Declined' } })
      return { status: 409, body: undefined }
    },
  }
  const started = shop(late, { store })
  await started.running.send(ask())
  expect(await endedAfter(started, minute)).toMatchObject({ status: 'compensated', failure: { reason: 'Declined' } })
  expect(await started.running.consumers.show(buying)).toMatchObject({ needsIntervention: [] })
})

test('what could not be sent, and not be given up, goes on with the command of the mended code', async () => {
  const { service, charges } = payments()
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  const wrong = shopWith(
    Charge,
    buyingWith(Charge, () => -5),
  )
  // It dies when it has seen that the charge cannot be sent, before that is recorded.
  const dying = crashingStore(store, {
    after: 0,
    written: false,
    at: ({ events }) => events.some(({ data }) => isCharge(data) && data.deadline === null),
  })
  const first = shop(service, { store: dying, consumers }, wrong)
  await first.running.send(ask())
  await vi.waitFor(() => expect(dying.hasCrashed).toBe(true), patient)
  await first.running.close()

  const clock = manualClock()
  clock.advance(minute)
  const second = shop(service, { store: shared(store), consumers, clock }, wrong)
  expect(await problemsOf(second.running)).toEqual([
    expect.stringMatching(/cannot be given up.*does not fit its schema/s),
  ])
  await second.running.close()

  const mended = shop(service, { store, consumers, clock })
  expect(await ended(mended.running)).toMatchObject({ status: 'compensated', failure: { reason: 'TimedOut' } })
  expect(charges.size).toBe(0)
})

/** The first answers are lost, until the service is asked to give up. */
function losingAnswers(service: ServiceConnection): ServiceConnection {
  let isLosing = true
  return {
    async call(request, options) {
      const answer = await service.call(request, options)
      if (request.method === 'DELETE') isLosing = false
      else if (isLosing) throw lost()
      return answer
    },
  }
}

function isCharge(data: unknown): data is { readonly deadline: string | null } {
  return (data as { readonly command?: { readonly type: string } }).command?.type === 'Charge'
}

/** A store that stays open when one of the processes closes it. */
function shared(store = memoryStore()) {
  return { ...store, close: async () => {} }
}
