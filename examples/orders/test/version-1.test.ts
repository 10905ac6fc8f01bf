// A log that version 1 of the shop wrote is read by version 2: everybody sees the newest form.
import { cpSync } from 'node:fs'
import { defineSystem, type RecordedEvent, reaction, startSystem, subscription } from 'indelible'
import { fileStore } from 'indelible/file'
import { stateAsOf } from 'indelible/history'
import { expect, onTestFinished, test } from 'vitest'
import { OrderPlaced } from '../orders/events.ts'
import { order } from '../orders/order.ts'
import { PlaceOrder } from '../orders/place-order.ts'
import { ShipOrder } from '../orders/progress.ts'
import { payment } from '../payments/payment.ts'
import { customers } from '../projections/customers.ts'
import { orderList } from '../projections/order-list.ts'
import { ordersByDay } from '../projections/orders-by-day.ts'
import { shop } from '../system.ts'
import { caughtUp, dirOfItsOwn, outsideOfItsOwn, paid, tea } from './shop-in-memory.ts'

const seen: Record<'reaction' | 'subscription', string[]> = { reaction: [], subscription: [] }
const shown = ({ data, schemaVersion }: RecordedEvent<'OrderPlaced', { cents: number; currency: string }>) =>
  `${data.cents} ${data.currency}, version ${schemaVersion}`
const watching = reaction('watching', { from: 'beginning' }).on(OrderPlaced, (_placed, event) => {
  seen.reaction.push(shown(event))
})
const following = subscription('following', {
  from: 'beginning',
  on: [OrderPlaced],
  run: (events) => void seen.subscription.push(...events.map(shown)),
})

async function openedCopy() {
  outsideOfItsOwn()
  const dir = dirOfItsOwn()
  cpSync(new URL('./version-1', import.meta.url), dir, { recursive: true })
  const system = defineSystem({ ...shop, reactions: [watching], subscriptions: [following] })
  const running = startSystem(system, { store: await fileStore({ dir }) })
  onTestFinished(() => running.close())
  return running
}

test('orders of version 1 are in euros, in states, tables, reactions, subscriptions, sagas and commands', async () => {
  const running = await openedCopy()
  const { state } = await stateAsOf(running.store, order, { id: 'old-1', asOf: { version: 1 } })
  expect(state).toEqual({ status: 'placed', ...tea(1), cents: 450, currency: 'EUR' })

  // The saga passes the currency on: it sees the newest form too.
  for (const id of ['old-1', 'old-2']) expect(await paid(running, id)).toMatchObject({ status: 'completed' })
  const held = (await stateAsOf(running.store, payment, { id: 'old-2', asOf: { version: 1 } })).state
  expect(held).toEqual({ status: 'authorised', cents: 900, currency: 'EUR' })
  expect(await running.send(ShipOrder('old-1', {}))).toMatchObject({ status: 'accepted' })

  await caughtUp(running, orderList, ordersByDay, customers, watching, following)
  expect(await running.select(orderList)).toMatchObject([
    { order_id: 'old-1', cents: 450, currency: 'EUR', status: 'shipped' },
    { order_id: 'old-2', cents: 900, currency: 'EUR', status: 'paid' },
  ])
  expect(await running.select(ordersByDay)).toEqual([
    { day: '2026-01-31', currency: 'EUR', orders: 1, cents: 450 },
    { day: '2026-02-03', currency: 'EUR', orders: 1, cents: 900 },
  ])
  expect(await running.select(customers)).toMatchObject([{ customer_id: 'ann', orders: 2 }])
  const newest = ['450 EUR, version 2', '900 EUR, version 2']
  expect({ ...seen, reaction: seen.reaction.toSorted() }).toEqual({ reaction: newest, subscription: newest })
})

test('what was recorded stays as it was, beside orders of version 2', async () => {
  const running = await openedCopy()
  await running.send(PlaceOrder('new', tea(1)))
  const batches = await Array.fromAsync(running.store.read([{ types: ['OrderPlaced'] }]))
  const recorded = batches.flatMap(({ events }) => events)
  expect(recorded.map(({ schemaVersion }) => schemaVersion)).toEqual([1, 1, 2])
  expect(recorded[0]!.data).toEqual({ ...tea(1), cents: 450 })
  expect(recorded.map(({ tags }) => tags)).toEqual([[], [], ['customer:ann']])
})
