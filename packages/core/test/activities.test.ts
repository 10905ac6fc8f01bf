// What an HTTP service does for sagas and policies: each thing once, whatever gets lost, and its answer is an event.
import {
  activity,
  defineSystem,
  event,
  IndelibleError,
  policy,
  type RunningSystem,
  refusal,
  type ServiceRequest,
  type ServiceResponse,
  type SystemOptions,
  saga,
  startSystem,
} from 'indelible'
import { memoryConsumers, memorySnapshots, memoryStore, memoryTables } from 'indelible/memory'
import { describeSystem } from 'indelible/schema'
import { crashingStore, fakeService, manualClock } from 'indelible/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { Ask, Asked, Sign, Signed, Tear, Withdraw, Write, written } from './notebook.ts'

const patience = { timeoutMs: 20_000 }
const Charged = event('Charged', z.object({ charge: z.string(), cents: z.int() }))
const Refunded = event('Refunded', z.object({ charge: z.string() }))
const Mailed = event('Mailed', z.object({}))
const Declined = refusal('Declined', z.object({ limit: z.int() }))

const Charge = activity('Charge', {
  service: 'payments',
  input: z.object({ cents: z.int().positive() }),
  call: 'POST /accounts/{id}/charges',
  emits: Charged,
  refuses: { 402: Declined, 404: 'NoAccount' },
  giveUp: 'DELETE /charges/{idempotencyKey}',
})
const Refund = activity('Refund', {
  service: 'payments',
  input: z.object({ charge: z.string() }),
  call: 'DELETE /charges/{charge}/money',
  emits: Refunded,
})
const Mail = activity('Mail', {
  service: 'mails',
  input: z.object({ to: z.string() }),
  call: 'POST /mails',
  emits: Mailed,
})

/** Writes a word, takes money, and writes the charge. A last word that is refused takes the money back. */
const buying = saga('buying', { startsOn: Asked, owner: 'sales', from: 'beginning' })
  .step('write', {
    command: Write,
    to: () => 'a',
    input: () => ({ word: 'first' }),
    compensate: { command: Tear, to: () => 'a', input: () => ({ word: 'first' }) },
  })
  .step('charge', {
    command: Charge,
    to: () => 'ann',
    input: ({ limit }) => ({ cents: limit }),
    answer: ([charged]) => charged!.data.charge,
    compensate: { command: Refund, to: () => 'ann', input: (_data, { answers }) => ({ charge: answers.charge }) },
    timeout: '1m',
  })
  .step('last', {
    command: Write,
    to: () => 'a',
    input: ({ words }, { answers }) => ({ word: words[0] ?? answers.charge }),
    compensate: 'nothing',
  })
const mailing = policy('mailing', { sends: [Mail] }).on(Signed, ({ by }) => Mail(by, { to: by }))

const system = defineSystem({
  name: 'shop',
  commands: [Write, Tear, Ask, Sign, Withdraw],
  activities: [Charge, Refund, Mail],
  sagas: [buying],
  policies: [mailing],
})

/** A payment service with one account: what it did, by charge. */
function payments(
  before: (request: ServiceRequest) => ServiceResponse | undefined | Promise<undefined> = () => undefined,
) {
  const charges = new Map<string, { cents: number; isRefunded: boolean; key: string }>()
  const gone = new Set<string>()
  const service = fakeService(async (request): Promise<ServiceResponse> => {
    const early = await before(request)
    if (early) return early
    const { method, path, body, idempotencyKey: key } = request
    const [, first, which, last] = path.split('/')
    if (method === 'POST') {
      if (gone.has(key)) return { status: 409, body: {} }
      const charge = `ch${charges.size + 1}`
      const { cents } = body as { cents: number }
      charges.set(charge, { cents, isRefunded: false, key })
      return { status: 201, body: { charge, cents } }
    }
    if (last === 'money') {
      charges.get(which!)!.isRefunded = true
      return { status: 200, body: { charge: which } }
    }
    expect(first).toBe('charges')
    const done = [...charges.values()].some((each) => each.key === decodeURIComponent(which!))
    if (!done) gone.add(decodeURIComponent(which!))
    return { status: done ? 409 : 204, body: undefined }
  })
  return { service, charges }
}

function shop(service: ReturnType<typeof fakeService>, parts: Partial<SystemOptions> = {}) {
  const clock = manualClock()
  const mails = fakeService(() => ({ status: 202, body: undefined }))
  const running = startSystem(system, {
    store: memoryStore(),
    tables: memoryTables(),
    snapshots: memorySnapshots(),
    consumers: memoryConsumers(),
    clock,
    services: { payments: service, mails },
    ...parts,
  })
  onTestFinished(() => running.close())
  return { running, clock, mails }
}

const ask = (words: readonly string[] = []) => Ask('1', { words: [...words] })
const lost = () => new IndelibleError('remote_unavailable', 'The answer was lost.')

async function ended(running: RunningSystem) {
  return await running.waitForSaga(buying, '1', patience)
}

async function recorded(running: RunningSystem, ...types: readonly string[]) {
  const batches = await Array.fromAsync(running.store.read([{ types }]))
  return batches.flatMap(({ events }) => events)
}

test('a service is asked once, its answer is an event, and the saga goes on with it', async () => {
  const { service, charges } = payments()
  const { running } = shop(service)
  await running.send(ask(), { correlationId: 'c-1', actor: 'ann' })
  expect(await ended(running)).toMatchObject({ status: 'completed', done: ['write', 'charge', 'last'] })
  expect(await written(running)).toEqual(['first', 'ch1'])
  expect([...charges.values()]).toMatchObject([{ cents: 3, isRefunded: false }])
  const key = `${await running.store.historyAt(0)}:$saga.buying-1:charge:do`
  expect(service.requests).toEqual([
    { method: 'POST', path: '/accounts/ann/charges', body: { cents: 3 }, idempotencyKey: key },
  ])
  const [charged] = await recorded(running, 'Charged')
  expect(charged).toMatchObject({
    stream: 'payments-ann',
    data: { charge: 'ch1', cents: 3 },
    metadata: { actor: 'saga:buying', correlationId: 'c-1', commandId: '$saga.buying-1:charge:do' },
  })
})

test('what a service refuses is taken back, with the details of the refusal', async () => {
  const { service, charges } = payments(({ method }) =>
    method === 'POST' ? { status: 402, body: { limit: 2, more: true } } : undefined,
  )
  const { running } = shop(service)
  await running.send(ask())
  expect(await ended(running)).toMatchObject({
    status: 'compensated',
    failure: { step: 'charge', reason: 'Declined', details: { limit: 2 } },
  })
  expect(await written(running)).toEqual(['first', '-first'])
  expect(charges.size).toBe(0)
})

test('an activity takes back what another one did', async () => {
  const { service, charges } = payments()
  const { running } = shop(service)
  await running.send(ask(['no']))
  expect(await ended(running)).toMatchObject({ status: 'compensated', failure: { step: 'last' } })
  expect([...charges.values()]).toMatchObject([{ isRefunded: true }])
  expect(service.requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/charges/ch1/money' })
  expect(await recorded(running, 'Refunded')).toMatchObject([{ data: { charge: 'ch1' } }])
})

test.each([500, 503, 429, 425, 408, 'an answer that got lost'] as const)(
  'after %s the service is asked again, with the same key',
  async (answer) => {
    let times = 0
    const { service, charges } = payments(() => {
      if (times++ > 1) return undefined
      if (typeof answer !== 'number') throw lost()
      return { status: answer, body: undefined }
    })
    const { running, clock } = shop(service)
    await running.send(ask())
    await vi.waitFor(async () => {
      clock.advance(1000)
      expect((await running.saga(buying, '1'))?.status).toBe('completed')
    }, patient)
    expect(service.requests.length).toBe(3)
    expect(new Set(service.requests.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1)
    expect(charges.size).toBe(1)
  },
)

const patient = { timeout: 20_000, interval: 2 }

test('a service that does not answer in time is asked not to do it any more before anything is taken back', async () => {
  const { service, charges } = payments(({ method }) => {
    if (method === 'POST') throw lost()
    return undefined
  })
  const { running, clock } = shop(service)
  await running.send(ask())
  await vi.waitFor(async () => {
    clock.advance(10_000)
    expect((await running.saga(buying, '1'))?.status).toBe('compensated')
  }, patient)
  expect((await running.saga(buying, '1'))?.failure).toMatchObject({ step: 'charge', reason: 'TimedOut' })
  const { method, path, idempotencyKey } = service.requests.at(-1)!
  expect([method, path]).toEqual(['DELETE', `/charges/${encodeURIComponent(idempotencyKey)}`])
  expect(charges.size).toBe(0)
})

test('what a service had done when its time was over counts as done', async () => {
  let isLost = true
  const done: ReturnType<typeof payments> = payments()
  const losing = fakeService(async (request) => {
    const answer = await done.service.call(request, { signal: new AbortController().signal })
    if (request.method === 'POST' && isLost) throw lost()
    isLost = false
    return answer
  })
  const { running, clock } = shop(losing)
  await running.send(ask())
  await vi.waitFor(async () => {
    clock.advance(10_000)
    expect((await running.saga(buying, '1'))?.status).toBe('completed')
  }, patient)
  expect(await written(running)).toEqual(['first', 'ch1'])
  expect(done.charges.size).toBe(1)
})

test('an answer that nobody declared needs a person, takes nothing back, and is taken when the code is mended', async () => {
  const answers: Readonly<Record<string, ServiceResponse>> = {
    misfit: { status: 201, body: { charge: 5 } },
    moved: { status: 301, body: undefined },
    wrong: { status: 400, body: 'what?' },
  }
  const ids = Object.keys(answers)
  const { service } = payments(({ idempotencyKey }) => answers[ids.find((id) => idempotencyKey.includes(`-${id}:`))!])
  const [store, consumers] = [memoryStore(), memoryConsumers()]
  const first = shop(service, { store: { ...store, close: async () => {} }, consumers })
  for (const id of ids) await first.running.send(Ask(id, { words: [] }))
  const problems = async () => {
    const [status] = (await first.running.health()).consumers.filter(({ name }) => name === 'buying')
    return (status as unknown as { needsIntervention: readonly { sagaId: string; problem: string }[] })
      .needsIntervention
  }
  await vi.waitFor(async () => expect((await problems()).length).toBe(3), patient)
  expect((await problems()).map(({ problem }) => problem).sort()).toMatchObject(
    [
      expect.stringMatching(/answered 201 to Charge, which does not fit the event Charged/),
      expect.stringMatching(/answered 301 to Charge, which the activity does not declare/),
      expect.stringMatching(/answered 400 to Charge, which the activity does not declare/),
    ].sort(),
  )
  await first.running.close()
  const mended = payments()
  const second = shop(mended.service, { store, consumers })
  for (const id of ids)
    expect(await second.running.waitForSaga(buying, id, patience)).toMatchObject({ status: 'completed' })
  expect(mended.charges.size).toBe(3)
})

test.each(['..', '.', '\ud800'])('an id %j, which would lead the request elsewhere, is never asked for', async (id) => {
  const { running, mails } = shop(payments().service)
  const Void = activity('Void', {
    service: 'mails',
    input: z.object({}),
    call: 'DELETE /mails/{id}/all',
    emits: Mailed,
  })
  const voiding = saga('voiding', { startsOn: Asked, from: 'beginning' }).step('void', {
    command: Void,
    to: () => id,
    input: () => ({}),
    compensate: 'nothing',
  })
  const wiping = defineSystem({ name: 'wiping', commands: [Ask], activities: [Void], sagas: [voiding] })
  await using other = startSystem(wiping, { services: { mails } })
  await other.send(ask())
  await vi.waitFor(async () => {
    const [status] = (await other.health()).consumers
    expect(status).toMatchObject({ needsIntervention: [{ sagaId: '1' }] })
  }, patient)
  expect(mails.requests).toEqual([])
  await running.close()
})

test('a policy sends an activity, each once', async () => {
  const { running, mails } = shop(payments().service)
  await running.send(Sign('1', { by: 'ben' }))
  await vi.waitFor(async () => expect(await recorded(running, 'Mailed')).toHaveLength(1), patient)
  expect(mails.requests).toMatchObject([{ method: 'POST', path: '/mails', body: { to: 'ben' } }])
  expect((await recorded(running, 'Mailed'))[0]!.stream).toBe('mails-ben')
})

test.each([false, true])(
  'at whichever append the process dies (written: %s), the service does each thing once',
  async (isWritten) => {
    for (const last of ['fine', 'no']) {
      for (let after = 0; ; after++) {
        const { service, charges } = payments()
        const [store, consumers] = [memoryStore(), memoryConsumers()]
        const dying = crashingStore(store, { after, written: isWritten })
        const first = shop(service, { store: dying, consumers })
        await first.running.send(ask([last]), { commandId: 'ask' }).catch(() => {})
        await vi.waitFor(async () => {
          if (!dying.hasCrashed) expect((await first.running.saga(buying, '1'))?.status).toMatch(/^comp\w+ed$/)
        }, patient)
        await first.running.close()
        const second = shop(service, { store, consumers })
        await second.running.send(ask([last]), { commandId: 'ask' })
        const at = `last word ${last}, crash after ${after}`
        expect((await ended(second.running)).status, at).toBe(last === 'no' ? 'compensated' : 'completed')
        expect([...charges.values()], at).toMatchObject([{ isRefunded: last === 'no' }])
        expect(await recorded(second.running, 'Charged'), at).toHaveLength(1)
        await second.running.close()
        if (!dying.hasCrashed) {
          expect(after).toBeGreaterThan(6)
          break
        }
      }
    }
  },
)

test('nobody else sends an activity, and a description has it with its requests', async () => {
  const { running } = shop(payments().service)
  // biome-ignore lint/suspicious/noExplicitAny: the types do not have it either
  await expect(running.send(Charge('ann', { cents: 1 }) as any)).rejects.toMatchObject({ code: 'unknown_command' })
  const { activities, commands } = describeSystem(system)
  expect(activities.map(({ type }) => type)).toEqual(['Charge', 'Refund', 'Mail'])
  expect(commands.map(({ type }) => type)).not.toContain('Charge')
})

test('a system does not start without a connection to each of its services', () => {
  expect(() => shop(payments().service, { services: {} })).toThrow(/no connection to the service "payments"/)
})

const declared = { service: 'payments', input: z.object({}), call: 'POST /x', emits: Charged } as const
test.each<[string, () => unknown, RegExp]>([
  [
    'a request that is none',
    () => activity('A', { ...declared, call: 'SEND /x' as never }),
    /Write a method and a path/,
  ],
  [
    'a refusal by a status that is tried again',
    () => activity('A', { ...declared, refuses: { 429: 'Busy' } }),
    /status 429/,
  ],
  ['a refusal by a status of success', () => activity('A', { ...declared, refuses: { 200: 'Fine' } }), /status 200/],
  [
    'no event',
    () => activity('A', { ...declared, emits: undefined as never }),
    /needs the event that records the answer/,
  ],
  [
    'a step with a timeout, without giveUp',
    () =>
      defineSystem({
        name: 's',
        commands: [Ask],
        activities: [Refund],
        sagas: [
          saga('s', { startsOn: Asked }).step('refund', {
            command: Refund,
            to: () => 'a',
            input: () => ({ charge: 'c' }),
            timeout: '1m',
          }),
        ],
      }),
    /"refund" has a timeout/,
  ],
  [
    'a service with the name of an aggregate',
    () =>
      defineSystem({
        name: 's',
        commands: [Write],
        activities: [activity('A', { ...declared, service: 'page' })],
      }),
    /Give the service another name/,
  ],
  [
    'an activity that is not listed',
    () => defineSystem({ name: 's', commands: [Ask], policies: [mailing] }),
    /Add it to "activities"/,
  ],
])('%s is refused with what to write instead', (_what, declare, message) => {
  expect(declare).toThrow(message)
})
