import { type EventStore, type RunningSystem, startSystem } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, onTestFinished, test } from 'vitest'
import { dispatch, refund } from '../orders/aftermath.ts'
import { CancelOrder } from '../orders/cancel-order.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { PlaceOrder } from '../orders/place-order.ts'
import { ShipOrder } from '../orders/progress.ts'
import { ReceiveStock } from '../products/receive-stock.ts'
import { orderList } from '../projections/order-list.ts'
import { stockLevels } from '../projections/stock-levels.ts'
import { shop } from '../system.ts'
import { caughtUp, outsideOfItsOwn, stock, stockedShop, tea } from './shop-in-memory.ts'

test('an order is fulfilled: its stock is reserved, its money taken, and it is paid', async () => {
  const running = await stockedShop()
  await running.send(PlaceOrder('o1', tea()))
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({ status: 'completed' })
  expect(await typesOf(running, 'payment-o1')).toEqual(['PaymentAuthorised', 'PaymentCaptured'])
  expect(await shown(running)).toEqual({ order: 'paid', free: 8, reserved: 2, shipped: 0 })
  await running.send(ShipOrder('o1', {}))
  await running.waitForSaga(dispatch, 'o1')
  expect(await shown(running)).toEqual({ order: 'shipped', free: 8, reserved: 0, shipped: 2 })
})

test('where there is too little stock the order is cancelled and no money moves', async () => {
  const running = await stockedShop()
  await running.send(PlaceOrder('o1', tea(11)))
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { step: 'stock', reason: 'OutOfStock', details: { free: 10 } },
  })
  expect(await typesOf(running, 'payment-o1')).toEqual([])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('where the money is not lent the stock is given back', async () => {
  const running = await stockedShop()
  await running.send(ReceiveStock('tea', { quantity: 1_000 }))
  await running.send(PlaceOrder('o1', tea(300)))
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { step: 'authorise', reason: 'LimitExceeded', details: { centsMax: 100_000 } },
  })
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 1_010, reserved: 0, shipped: 0 })
})

test('a customer who cancels at the last moment gets money and stock back', async () => {
  outsideOfItsOwn()
  const running: RunningSystem = startSystem(shop, { store: cancellingAfterCapture(memoryStore(), () => running) })
  onTestFinished(() => running.close())
  await stock(running)
  await running.send(PlaceOrder('o1', tea()))
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { step: 'paid', reason: 'WrongStatus', details: { status: 'cancelled' } },
  })
  expect(await typesOf(running, 'payment-o1')).toEqual(['PaymentAuthorised', 'PaymentCaptured', 'PaymentRefunded'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('an order that is cancelled after it was paid is refunded', async () => {
  const running = await stockedShop()
  await running.send(PlaceOrder('o1', tea()))
  await running.waitForSaga(fulfilment, 'o1')
  await running.send(CancelOrder('o1', { reason: 'I like coffee now.' }))
  expect(await running.waitForSaga(refund, 'o1')).toMatchObject({ status: 'completed' })
  expect(await typesOf(running, 'payment-o1')).toEqual(['PaymentAuthorised', 'PaymentCaptured', 'PaymentRefunded'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('of ten orders for the last ten, two each, five are fulfilled', async () => {
  const running = await stockedShop()
  const ids = Array.from({ length: 10 }, (_, n) => `o${n}`)
  await Promise.all(ids.map((id) => running.send(PlaceOrder(id, tea()))))
  const ends = await Promise.all(ids.map((id) => running.waitForSaga(fulfilment, id)))
  expect(ends.filter(({ status }) => status === 'completed')).toHaveLength(5)
  expect(ends.filter(({ status }) => status === 'compensated')).toHaveLength(5)
  expect(await shown(running)).toMatchObject({ free: 0, reserved: 10 })
})

async function shown(running: RunningSystem) {
  await caughtUp(running, orderList, stockLevels)
  const [order] = await running.select(orderList)
  const [{ free, reserved, shipped } = {}] = await running.select(stockLevels)
  return { order: order?.status, free, reserved, shipped }
}

async function typesOf({ store }: RunningSystem, stream: 'payment-o1'): Promise<readonly string[]> {
  const batches = await Array.fromAsync(store.read([{ streams: [stream] }]))
  return batches.flatMap(({ events }) => events.map(({ type }) => type))
}

/** The order is cancelled between the two last steps of its fulfilment. */
function cancellingAfterCapture(store: EventStore, running: () => RunningSystem): EventStore {
  return {
    ...store,
    append: async (commit, options) => {
      const outcome = await store.append(commit, options)
      if (commit.events.some(({ type }) => type === 'PaymentCaptured'))
        await running().send(CancelOrder('o1', { reason: 'I like coffee now.' }))
      return outcome
    },
  }
}
