import { type EventStore, type RunningSystem, startSystem } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, onTestFinished, test } from 'vitest'
import { CancelOrder } from '../orders/cancel-order.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { waitsAt } from '../orders/waits-at.ts'
import { shop } from '../system.ts'
import { outsideOfItsOwn, paid, place, services, shipped, stock, stockedShop, tea } from './shop-in-memory.ts'
import { paymentOf, shown } from './shown.ts'

const coffee = { reason: 'I like coffee now.' }

test('an order that is cancelled before its fulfilment begins is not touched by it', async () => {
  const running = await stockedShop()
  await running.consumers.pause(fulfilment)
  await place(running, 'o1')
  await running.send(CancelOrder('o1', coffee))
  await running.consumers.resume(fulfilment)
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({ status: 'compensated' })
  expect(await paymentOf(running, 'o1')).toEqual([])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('an order that is cancelled while it waits for its money is taken back at once', async () => {
  const running = await stockedShop()
  await place(running, 'o1')
  expect(await waitsAt(running, 'o1', 'money')).toBe(true)
  await running.send(CancelOrder('o1', coffee))
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { reason: 'OrderCancelled' },
  })
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentReturned'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('a customer who cancels while the provider answers that it holds the money gets money and stock back', async () => {
  outsideOfItsOwn()
  const running: RunningSystem = startSystem(shop, {
    services,
    store: cancellingWhenHeld(memoryStore(), () => running),
  })
  onTestFinished(() => running.close())
  await stock(running)
  await place(running, 'o1')
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({ status: 'compensated' })
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentReturned'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('an order that is cancelled after it was paid has its money back, and all its lines are free again', async () => {
  const running = await stockedShop()
  await place(running, 'o1', [tea(), { product: 'mug', quantity: 3 }])
  await paid(running, 'o1')
  expect(await shown(running, 'mug')).toEqual({ order: 'paid', free: 2, reserved: 3, shipped: 0 })
  await running.send(CancelOrder('o1', coffee))
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { reason: 'OrderCancelled' },
  })
  expect(await shown(running, 'mug')).toEqual({ order: 'cancelled', free: 5, reserved: 0, shipped: 0 })
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentReturned'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('an order that is on its way cannot be cancelled', async () => {
  const running = await stockedShop()
  await place(running, 'o1')
  expect(await shipped(running, 'o1')).toMatchObject({ status: 'completed' })
  expect(await running.send(CancelOrder('o1', coffee))).toMatchObject({ status: 'refused', reason: 'WrongStatus' })
  expect(await shown(running)).toEqual({ order: 'shipped', free: 8, reserved: 0, shipped: 2 })
})

/** The order is cancelled as soon as it is recorded that its money is held. */
function cancellingWhenHeld(store: EventStore, running: () => RunningSystem): EventStore {
  return {
    ...store,
    append: async (commit, options) => {
      const outcome = await store.append(commit, options)
      if (commit.events.some(({ type }) => type === 'PaymentAuthorised'))
        await running().send(CancelOrder('o1', coffee))
      return outcome
    },
  }
}
