// A schema version that nobody listed is a fault, not a guess: old data must not be taken for new.
import {
  aggregate,
  bigint,
  defineSystem,
  event,
  liveModel,
  ProjectionOperator,
  projection,
  saga,
  startSystem,
  text,
} from 'indelible'
import { stateAsOf } from 'indelible/history'
import { memoryStore } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { parts, statuses } from './till.ts'

const PlacedInOneCurrency = event('Placed', z.object({ total: z.int() }))
const Placed = event('Placed', z.object({ amount: z.int(), currency: z.string() }), { schemaVersion: 2 })

function shop(events: readonly (typeof Placed | typeof PlacedInOneCurrency)[]) {
  const amountOf = (data: { amount: number } | { total: number }) => ('total' in data ? data.total : data.amount)
  const order = aggregate('order', {
    initialState: { total: 0 },
    events,
    evolve: { Placed: (state, data) => ({ total: state.total + amountOf(data) }) },
  })
  const Place = order.command('Place', { input: Placed.schema, decide: (_state, data) => Placed(data) })
  const turnover = projection('turnover', {
    table: { order_id: text().key(), total: bigint() },
    events,
    on: {
      Placed: ({ streamId, data }, row = { order_id: streamId, total: 0 }) => ({
        ...row,
        total: row.total + amountOf(data),
      }),
    },
  })
  return { order, Place, turnover, system: defineSystem({ name: 'shop', commands: [Place], projections: [turnover] }) }
}

const old = { stream: 'order-1', type: 'Placed', data: { total: 5 } } as const
const unknown = {
  code: 'event_version_unknown',
  retryable: false,
  message: expect.stringMatching(/version 1 of "Placed" \(order-1, position 1\).*lists version 2/),
  details: { type: 'Placed', schemaVersion: 1, declared: [2], stream: 'order-1', position: 1 },
}

test('a command on an aggregate whose history has one fails, and names event, position and versions', async () => {
  const store = memoryStore()
  await store.append({ events: [old] })
  const { order, Place, system } = shop([Placed])
  await using running = startSystem(system, parts({ store }))
  await expect(running.send(Place('1', { amount: 7, currency: 'EUR' }))).rejects.toMatchObject(unknown)
  expect(await running.send(Place('2', { amount: 7, currency: 'EUR' }))).toMatchObject({ status: 'accepted' })
  await expect(stateAsOf(store, order, { id: '1' })).rejects.toMatchObject(unknown)
})

test('a projection parks at it, and so do a check, a rebuild and a live model', async () => {
  const store = memoryStore()
  await store.append({
    events: [{ ...old, stream: 'order-0', schemaVersion: 2, data: { amount: 1, currency: 'EUR' } }],
  })
  await store.append({ events: [old] })
  const { turnover, system } = shop([Placed])
  const shared = parts({ store })
  await using running = startSystem(system, shared)
  await expect(running.waitFor(turnover, 2)).rejects.toMatchObject({
    code: 'projection_parked',
    details: { position: 2 },
    cause: { code: 'event_version_unknown' },
  })
  await vi.waitFor(async () =>
    expect((await statuses(running, 'projection'))[0]).toMatchObject({
      state: 'parked',
      position: 1,
      error: { code: 'event_version_unknown', event: { position: 2 } },
    }),
  )
  expect(await running.select(turnover)).toEqual([{ order_id: '0', total: 1 }])
  const operator = new ProjectionOperator(system, shared)
  await expect(operator.rebuild('turnover')).rejects.toMatchObject({ cause: { code: 'event_version_unknown' } })
  await expect(liveModel(turnover, store)).rejects.toMatchObject({ code: 'projection_parked' })
})

test('where both versions are listed each is what it is', async () => {
  const store = memoryStore()
  await store.append({ events: [old] })
  const { Place, turnover, system } = shop([PlacedInOneCurrency, Placed])
  await using running = startSystem(system, parts({ store }))
  expect(await running.send(Place('1', { amount: 7, currency: 'EUR' }))).toMatchObject({ version: 2 })
  await running.waitFor(turnover, 2)
  expect(await running.select(turnover)).toEqual([{ order_id: '1', total: 12 }])
})

test('a command that decides an event of a version that its aggregate does not list writes nothing', async () => {
  const { order, system } = shop([PlacedInOneCurrency])
  const Place = order.command('Place', { input: Placed.schema, decide: (_state, data) => Placed(data) as never })
  await using running = startSystem({ ...system, commands: [Place] }, parts())
  await expect(running.send(Place('1', { amount: 7, currency: 'EUR' }))).rejects.toMatchObject({
    code: 'event_version_unknown',
    details: { schemaVersion: 2, declared: [1] },
  })
  expect((await running.store.head()).position).toBe(0)
})

test('a saga that began on an event of another version waits for help, until code for that version is there', async () => {
  const Shipped = event('Shipped', z.object({ of: z.string() }))
  const parcel = aggregate('parcel', { initialState: {}, events: [Shipped], evolve: { Shipped: (state) => state } })
  const Ship = parcel.command('Ship', { input: Shipped.schema, decide: (_state, data) => Shipped(data) })
  const store = memoryStore()
  await store.append({ events: [old] })
  const start = (startsOn: typeof Placed | typeof PlacedInOneCurrency) => {
    const { Place } = shop([PlacedInOneCurrency, Placed])
    const ship = saga('ship', {
      startsOn: startsOn as typeof Placed,
      steps: [{ name: 'ship', send: () => Ship('p', { of: '1' }) }],
    })
    const kept = { ...store, close: async () => {} }
    return {
      ship,
      running: startSystem(defineSystem({ name: 's', commands: [Place, Ship], sagas: [ship] }), parts({ store: kept })),
    }
  }
  const first = start(Placed)
  await vi.waitFor(async () => {
    expect((await statuses(first.running, 'saga'))[0]!.needsIntervention).toEqual([
      { sagaId: '1', problem: expect.stringMatching(/version 1 of "Placed" \(position 1\)/) },
    ])
  })
  await first.running.close()
  const mended = start(PlacedInOneCurrency)
  expect(await mended.running.waitForSaga(mended.ship, '1')).toMatchObject({ status: 'completed' })
  await mended.running.close()
})
