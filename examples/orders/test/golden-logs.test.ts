// A log that version 1 or 2 of the shop wrote is, for the code of version 3, as if it had been written today: states, tables, the past at every position, snapshots.
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  defineSystem,
  type EventStore,
  type Projection,
  type RunningSystem,
  type SnapshotStore,
  startSystem,
  type ValidTime,
} from 'indelible'
import { fileSnapshots, fileStore } from 'indelible/file'
import { stateAsOf, viewAsOf } from 'indelible/history'
import { manualClock } from 'indelible/testing'
import { expect, onTestFinished, test } from 'vitest'
import { RegisterCustomer } from '../customers/register-customer.ts'
import { OrderAccepted, OrderPaid, OrderPlaced, OrderShipped } from '../orders/events.ts'
import { order } from '../orders/order.ts'
import { ListProduct } from '../products/list-product.ts'
import { ReceiveStock } from '../products/receive-stock.ts'
import { shop } from '../system.ts'
import { dirOfItsOwn, tea } from './shop-in-memory.ts'
import { orderOfVersion1, PlaceOrderOfVersion1 } from './shop-of-version-1.ts'

type Placed = Parameters<typeof OrderPlaced>[0]

/** Records what was placed elsewhere, and what became of it, in the events of now. */
const PlaceOrder = order.command('PlaceOrderAsGiven', {
  input: OrderPlaced.schema,
  emits: [OrderPlaced],
  decide: (_state, placed) => OrderPlaced(placed),
})
const ShipOrder = order.command('ShipOrderAsGiven', {
  input: OrderShipped.schema,
  emits: [OrderAccepted, OrderPaid, OrderShipped],
  decide: (_state, shipped) => [OrderAccepted({}), OrderPaid({}), OrderShipped(shipped)],
})
const importing = defineSystem({
  name: 'orders',
  commands: [...shop.commands, PlaceOrder, ShipOrder],
  projections: shop.projections,
})

/** The history of each golden log, as `make-version-1.ts` and `make-version-2.ts` tell it. */
const histories = {
  1: {
    now: '2026-02-03',
    async write(running: RunningSystem) {
      await running.send(ListProduct('tea', { title: 'Green tea', cents: 450 }))
      await running.send(ReceiveStock('tea', { quantity: 10 }))
      await place(running, 'old-1', { lines: [tea(1)], cents: 450, currency: 'EUR' }, '2026-01-31')
      await place(running, 'old-2', { lines: [tea(2)], cents: 900, currency: 'EUR' })
    },
  },
  2: {
    now: '2026-04-05',
    async write(running: RunningSystem) {
      await running.send(ListProduct('tea', { title: 'Green tea', cents: 10_000, currency: 'CZK' }))
      await running.send(ReceiveStock('tea', { quantity: 10 }))
      await place(running, 'old-1', { lines: [tea(2)], cents: 18_000, currency: 'CZK', voucher: 'SPRING' })
      await place(running, 'old-2', { lines: [tea(2)], cents: 20_000, currency: 'CZK' })
      await running.send(ShipOrder('old-2', { customer: 'ann', lines: [tea(2)] }))
    },
  },
} as const

async function place(running: RunningSystem, id: string, placed: Omit<Placed, 'customer'>, validAt?: ValidTime) {
  await running.send(PlaceOrder(id, { customer: 'ann', ...placed }), validAt ? { validAt } : {})
}

interface Opened {
  readonly store: EventStore
  readonly snapshots: SnapshotStore
  readonly running: RunningSystem
}

async function opened(dir: string, now: string): Promise<Opened> {
  const clock = manualClock(now)
  const store = await fileStore({ dir, clock })
  const snapshots = fileSnapshots({ dir: join(dir, 'snapshots') })
  const running = startSystem(importing, { store, snapshots, clock })
  onTestFinished(() => running.close())
  return { store, snapshots, running }
}

const golden = (version: 1 | 2) => {
  const dir = dirOfItsOwn()
  cpSync(new URL(`./version-${version}`, import.meta.url), dir, { recursive: true })
  return dir
}

async function writtenNew(version: 1 | 2): Promise<Opened> {
  const { now, write } = histories[version]
  const log = await opened(dirOfItsOwn(), now)
  await log.running.send(RegisterCustomer('ann', { name: 'Ann', email: 'ann@example.com' }))
  await write(log.running)
  return log
}

const ids = ['old-1', 'old-2']
const tables = shop.projections as readonly Projection[]

/** Everything that a reader can see of the past, at every position. */
async function past(store: EventStore) {
  const { position: head } = await store.head()
  const seen: unknown[] = []
  for (let position = 1; position <= head; position++) {
    for (const table of tables) seen.push([table.name, await viewAsOf(store, table, { asOf: { position } })])
    for (const id of ids) seen.push(await stateAsOf(store, order, { id, asOf: { position } }))
  }
  for (const validAt of ['2026-01-31', '2026-12-31'] as const)
    for (const id of ids) seen.push((await stateAsOf(store, order, { id, asOf: { validAt } })).state)
  return seen
}

async function rows({ running, store }: Opened) {
  const { position } = await store.head()
  return await Promise.all(
    tables.map(async (table) => {
      await running.waitFor(table, position)
      return [table.name, await running.select(table)]
    }),
  )
}

test.each([1, 2] as const)('a log of version %i is read as one that was written new', async (version) => {
  const [old, now] = [await opened(golden(version), histories[version].now), await writtenNew(version)]
  const recorded = async ({ store }: Opened) =>
    (await Array.fromAsync(store.read('all'))).flatMap(({ events }) => events)
  const [was, is] = [await recorded(old), await recorded(now)]
  const typesOf = (events: typeof was) => events.map(({ type }) => type)
  expect(typesOf(was)).toEqual(typesOf(is))
  const versions = (events: typeof was) =>
    events.filter(({ type }) => type === 'OrderPlaced').map(({ schemaVersion }) => schemaVersion)
  expect([versions(was), versions(is)]).toEqual([
    [version, version],
    [3, 3],
  ])
  expect(await past(old.store)).toEqual(await past(now.store))
  expect(await rows(old)).toEqual(await rows(now))
  for (const table of tables) expect(await old.running.verifyTable(table)).toMatchObject({ differing: 0 })
  // What is decided on them is the same too.
  const shipping = ShipOrder('old-1', { customer: 'ann', lines: [tea(1)] })
  const given = { commandId: 'shipping' }
  const decided = await old.running.send(shipping, given)
  expect(decided).toMatchObject({ status: 'accepted', duplicate: false })
  expect(decided).toEqual(await now.running.send(shipping, given))
})

test('a snapshot that version 1 left beside its log is not read; a new one is, and is the same as that of a new log', async () => {
  const dir = golden(1)
  const clock = manualClock('2026-02-03')
  const then = startSystem(defineSystem({ name: 'orders', commands: [PlaceOrderOfVersion1] }), {
    store: await fileStore({ dir, clock }),
    snapshots: fileSnapshots({ dir: join(dir, 'snapshots') }),
    clock,
  })
  const now = await writtenNew(1)
  for (let n = 1; n < 100; n++) {
    const cents = 450 * n
    await then.send(PlaceOrderOfVersion1('old-1', { customer: 'ann', product: 'tea', quantity: n, cents }))
    await place(now.running, 'old-1', { lines: [tea(n)], cents, currency: 'EUR' })
  }
  await then.close()
  expect(readdirSync(join(dir, 'snapshots'), { recursive: true }).length).toBeGreaterThan(0)
  const old = await opened(dir, '2026-02-03')
  expect(orderOfVersion1.fingerprint).not.toBe(order.fingerprint)
  const last = { status: 'placed', customer: 'ann', lines: [tea(99)], cents: 44_550, currency: 'EUR' }
  for (const { store, snapshots } of [old, now])
    expect((await stateAsOf(store, order, { id: 'old-1', snapshots })).state).toEqual(last)
  // The next hundred: each makes a snapshot of the code of now.
  for (const { running } of [old, now])
    for (let n = 100; n < 200; n++) await place(running, 'old-1', { lines: [tea(n)], cents: 450 * n, currency: 'EUR' })
  const stream = order.stream('old-1')
  const kept = [old, now].map(({ snapshots }) => snapshots.load(stream, order.fingerprint!))
  const [one, other] = await Promise.all(kept)
  expect(one).toMatchObject({ version: 200, state: { lines: [tea(199)], currency: 'EUR' } })
  expect({ ...one, history: null }).toEqual({ ...other, history: null })
})
