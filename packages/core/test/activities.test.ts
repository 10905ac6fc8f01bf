// What an HTTP service does for sagas and policies: each thing once, whatever gets lost, and its answer is an event.
import { type AnyActivityType, activity, defineSystem, type ServiceResponse, saga, startSystem } from 'indelible'
import { memoryConsumers, memoryStore } from 'indelible/memory'
import { describeSystem } from 'indelible/schema'
import { crashingStore, fakeService } from 'indelible/testing'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import {
  ask,
  buying,
  Charge,
  ended,
  endedAfter,
  lost,
  Mailed,
  patience,
  patient,
  payments,
  recorded,
  shop,
  system,
} from './charging.ts'
import { Ask, Asked, Sign, written } from './notebook.ts'

test('a service is asked once, its answer is an event, and the saga goes on with it', async () => {
  const { service, charges } = payments()
  const { running } = shop(service)
  await running.send(ask(), { correlationId: 'c-1', actor: 'ann' })
  expect(await ended(running)).toMatchObject({ status: 'completed', done: ['write', 'charge', 'last'] })
  expect(await written(running)).toEqual(['first', 'ch1'])
  expect([...charges.values()]).toMatchObject([{ cents: 3, isRefunded: false }])
  const key = `${await running.store.historyAt(0)}:$saga.buying-1:charge:do`
  expect(service.requests).toEqual([
    { method: 'POST', path: '/accounts/ann/charges', body: { cents: 3, region: 'eu' }, idempotencyKey: key },
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

test.each([500, 503, 429, 425, 409, 408, 'an answer that got lost'] as const)(
  'after %s the service is asked again, with the same key',
  async (answer) => {
    let times = 0
    const { service, charges } = payments(() => {
      if (times++ > 1) return undefined
      if (typeof answer !== 'number') throw lost()
      return { status: answer, body: undefined }
    })
    const started = shop(service)
    await started.running.send(ask())
    expect(await endedAfter(started, 1000)).toMatchObject({ status: 'completed' })
    expect(service.requests.length).toBe(3)
    expect(new Set(service.requests.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1)
    expect(charges.size).toBe(1)
  },
)

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

test.each<[string, unknown]>([
  ['text', 'five'],
  ['a list', ['five']],
  ['a list among its members', { words: ['five'] }],
])('a GET whose input turns out to be %s is never asked for, and needs a person', async (_what, input) => {
  const service = fakeService(() => ({ status: 200, body: {} }))
  const Look = activity('Look', { service: 'mails', input: z.unknown(), call: 'GET /mails/{id}', emits: Mailed })
  await using other = startSystem(sending(Look, input), { services: { mails: service } })
  await other.send(ask())
  await vi.waitFor(async () => {
    const [status] = (await other.health()).consumers
    const problem = expect.stringMatching(/invalid_command: The request "GET \/mails\/\{id\}"/)
    expect(status).toMatchObject({ needsIntervention: [{ sagaId: '1', problem }] })
  }, patient)
  expect(service.requests).toEqual([])
})

test.each<[string, string, unknown, object]>([
  [
    'the query of a GET',
    'GET /mails/{id}',
    { text: 'a&b', size: 5, empty: '', none: null },
    { path: '/mails/a?text=a%26b&size=5&empty=' },
  ],
  ['a DELETE without input', 'DELETE /mails/{id}', null, { path: '/mails/a' }],
  ['a list as a body', 'POST /mails', ['one'], { path: '/mails', body: ['one'] }],
  [
    'a member that is called as what a path has anyway',
    'POST /mails/{id}',
    { id: 'x' },
    { path: '/mails/a', body: { id: 'x' } },
  ],
])('%s loses nothing of the input', async (_what, call, input, request) => {
  const service = fakeService(() => ({ status: 200, body: {} }))
  const Look = activity('Look', { service: 'mails', input: z.unknown(), call: call as 'GET /x', emits: Mailed })
  await using other = startSystem(sending(Look, input), { services: { mails: service } })
  await other.send(ask())
  await other.waitForSaga({ name: 'sending' }, '1', patience)
  expect(service.requests).toMatchObject([request])
})

/** A system whose only saga sends this. */
function sending(command: AnyActivityType, input: unknown) {
  const only = saga('sending', { startsOn: Asked, from: 'beginning' }).step('send', {
    command,
    to: () => 'a',
    input: () => input,
    compensate: 'nothing',
  })
  return defineSystem({ name: 'sending', commands: [Ask], activities: [command], sagas: [only] })
}

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
  await expect(running.send(Charge('ann', { cents: 1 }))).rejects.toMatchObject({ code: 'unknown_command' })
  const { activities, commands } = describeSystem(system)
  expect(activities.map(({ type }) => type)).toEqual(['Charge', 'Refund', 'Mail'])
  expect(commands.map(({ type }) => type)).not.toContain('Charge')
})

test('a system does not start without a connection to each of its services', () => {
  expect(() => shop(payments().service, { services: {} })).toThrow(/no connection to the service "payments"/)
})
