// Logs that versions 1 and 2 of the shop wrote are read by version 3: everybody sees the newest form.
import { cpSync } from 'node:fs'
import { defineSystem, type RecordedEvent, reaction, startSystem, subscription } from 'indelible'
import { fileStore } from 'indelible/file'
import { stateAsOf } from 'indelible/history'
import { expect, onTestFinished, test } from 'vitest'
import { OrderPlaced, OrderShipped } from '../orders/events.ts'
import { order } from '../orders/order.ts'
import { ShipOrder } from '../orders/progress.ts'
import { payments } from '../outside/payment-provider.ts'
import { customers } from '../projections/customers.ts'
import { orderLines } from '../projections/order-lines.ts'
import { orderList } from '../projections/order-list.ts'
import { ordersByDay } from '../projections/orders-by-day.ts'
import { shop } from '../system.ts'
import { caughtUp, dirOfItsOwn, outsideOfItsOwn, paid, place, services, shipped, tea } from './shop-in-memory.ts'

async function openedCopy(version: 1 | 2) {
  outsideOfItsOwn()
  const seen: Record<'reaction' | 'subscription', string[]> = { reaction: [], subscription: [] }
  const shown = ({ data, schemaVersion }: RecordedEvent<'OrderPlaced', { cents: number; currency: string }>) =>
    `${data.cents} ${data.currency}, version ${schemaVersion}`
  const watching = reaction('watching', { from: 'beginning' })
    .on(OrderPlaced, (_placed, event) => void seen.reaction.push(shown(event)))
    .on(OrderShipped, ({ lines }) => void seen.reaction.push(`shipped ${lines[0]!.product}`))
  const following = subscription('following', {
    from: 'beginning',
    on: [OrderPlaced],
    run: (events) => void seen.subscription.push(...events.map(shown)),
  })
  const dir = dirOfItsOwn()
  cpSync(new URL(`./version-${version}`, import.meta.url), dir, { recursive: true })
  const system = defineSystem({ ...shop, reactions: [watching], subscriptions: [following] })
  const running = startSystem(system, { services, store: await fileStore({ dir }) })
  onTestFinished(() => running.close())
  return { running, seen, watching, following }
}

test('orders of version 1 are in euros and have a line, in states, tables, reactions, subscriptions, sagas and commands', async () => {
  const { running, seen, watching, following } = await openedCopy(1)
  const { state } = await stateAsOf(running.store, order, { id: 'old-1', asOf: { version: 1 } })
  expect(state).toEqual({ status: 'placed', customer: 'ann', lines: [tea(1)], cents: 450, currency: 'EUR' })

  // The saga reserves the line and passes the currency on: it sees the newest form too.
  for (const id of ['old-1', 'old-2']) expect(await paid(running, id)).toMatchObject({ status: 'running' })
  expect(payments()).toContainEqual({ authorisation: expect.any(String), cents: 900, currency: 'EUR', status: 'held' })
  expect(await running.send(ShipOrder('old-1', {}))).toMatchObject({ status: 'accepted' })

  await caughtUp(running, orderList, orderLines, ordersByDay, customers, watching, following)
  expect(await running.select(orderList)).toMatchObject([
    { order_id: 'old-1', lines: 1, cents: 450, currency: 'EUR', status: 'shipped' },
    { order_id: 'old-2', lines: 1, cents: 900, currency: 'EUR', status: 'paid' },
  ])
  expect(await running.select(orderLines)).toMatchObject([
    { order_id: 'old-1', line: 1, ...tea(1) },
    { order_id: 'old-2', line: 1, ...tea(2) },
  ])
  expect(await running.select(ordersByDay)).toEqual([
    { day: '2026-01-31', currency: 'EUR', orders: 1, cents: 450 },
    { day: '2026-02-03', currency: 'EUR', orders: 1, cents: 900 },
  ])
  expect(await running.select(customers)).toMatchObject([{ customer_id: 'ann', orders: 2 }])
  const newest = ['450 EUR, version 3', '900 EUR, version 3']
  expect(seen.subscription).toEqual(newest)
  expect(seen.reaction.toSorted()).toEqual([...newest, 'shipped tea'])
})

test('orders of version 2 keep their currency and their voucher, and what they shipped is a line', async () => {
  const { running, seen, watching } = await openedCopy(2)
  const { state } = await stateAsOf(running.store, order, { id: 'old-2' })
  expect(state).toEqual({ status: 'shipped', customer: 'ann', lines: [tea()], cents: 20_000, currency: 'CZK' })
  expect(await shipped(running, 'old-1')).toMatchObject({ status: 'completed' })
  await caughtUp(running, orderList, watching)
  expect(await running.select(orderList)).toMatchObject([
    { order_id: 'old-1', lines: 1, cents: 18_000, currency: 'CZK', status: 'shipped' },
    { order_id: 'old-2', lines: 1, cents: 20_000, currency: 'CZK', status: 'shipped' },
  ])
  const newest = ['18000 CZK, version 3', '20000 CZK, version 3']
  expect(seen.reaction.toSorted()).toEqual([...newest, 'shipped tea', 'shipped tea'])
})

test('what was recorded stays as it was, beside orders of version 3', async () => {
  const { running } = await openedCopy(1)
  await place(running, 'new', [tea(1)])
  const batches = await Array.fromAsync(running.store.read([{ types: ['OrderPlaced'] }]))
  const recorded = batches.flatMap(({ events }) => events)
  expect(recorded.map(({ schemaVersion }) => schemaVersion)).toEqual([1, 1, 3])
  expect(recorded[0]!.data).toEqual({ customer: 'ann', ...tea(1), cents: 450 })
  expect(recorded.map(({ tags }) => tags)).toEqual([[], [], ['customer:ann']])
})
