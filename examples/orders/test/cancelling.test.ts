import { type EventStore, type RunningSystem, startSystem } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, onTestFinished, test } from 'vitest'
import { refund } from '../orders/aftermath.ts'
import { awaitsMoney } from '../orders/awaits-money.ts'
import { CancelOrder } from '../orders/cancel-order.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { PlaceOrder } from '../orders/place-order.ts'
import { shop } from '../system.ts'
import { outsideOfItsOwn, paid, stock, stockedShop, tea } from './shop-in-memory.ts'
import { paymentOf, shown } from './shown.ts'

const coffee = { reason: 'I like coffee now.' }

test('an order that is cancelled before its fulfilment begins is not touched by it', async () => {
  const running = await stockedShop()
  await running.consumers.pause(fulfilment)
  await running.send(PlaceOrder('o1', tea()))
  await running.send(CancelOrder('o1', coffee))
  await running.consumers.resume(fulfilment)
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({ status: 'compensated' })
  expect(await paymentOf(running, 'o1')).toEqual([])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('an order that is cancelled while it waits for its money is taken back at once', async () => {
  const running = await stockedShop()
  await running.send(PlaceOrder('o1', tea()))
  expect(await awaitsMoney(running, 'o1')).toBe(true)
  await running.send(CancelOrder('o1', coffee))
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { reason: 'OrderCancelled' },
  })
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentReleased'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('a customer who cancels at the last moment gets money and stock back', async () => {
  outsideOfItsOwn()
  const running: RunningSystem = startSystem(shop, { store: cancellingAfterCapture(memoryStore(), () => running) })
  onTestFinished(() => running.close())
  await stock(running)
  await running.send(PlaceOrder('o1', tea()))
  expect(await paid(running, 'o1')).toMatchObject({ status: 'compensated' })
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentCaptured', 'PaymentRefunded'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('an order that is cancelled after it was paid is refunded', async () => {
  const running = await stockedShop()
  await running.send(PlaceOrder('o1', tea()))
  await paid(running, 'o1')
  await running.send(CancelOrder('o1', coffee))
  expect(await running.waitForSaga(refund, 'o1')).toMatchObject({ status: 'completed' })
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentCaptured', 'PaymentRefunded'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

/** The order is cancelled as soon as its money was taken. */
function cancellingAfterCapture(store: EventStore, running: () => RunningSystem): EventStore {
  return {
    ...store,
    append: async (commit, options) => {
      const outcome = await store.append(commit, options)
      if (commit.events.some(({ type }) => type === 'PaymentCaptured')) await running().send(CancelOrder('o1', coffee))
      return outcome
    },
  }
}
