import { type EventStore, type RunningSystem, startSystem } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, onTestFinished, test } from 'vitest'
import { refund } from '../orders/aftermath.ts'
import { CancelOrder } from '../orders/cancel-order.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { PlaceOrder } from '../orders/place-order.ts'
import { shop } from '../system.ts'
import { outsideOfItsOwn, stock, stockedShop, tea } from './shop-in-memory.ts'
import { paymentOf, shown } from './shown.ts'

test('an order that is cancelled before its fulfilment begins is not touched by it', async () => {
  const running = await stockedShop()
  await running.consumers.pause(fulfilment)
  await running.send(PlaceOrder('o1', tea()))
  await running.send(CancelOrder('o1', { reason: 'I like coffee now.' }))
  await running.consumers.resume(fulfilment)
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { step: 'accept', reason: 'WrongStatus', details: { status: 'cancelled' } },
  })
  expect(await paymentOf(running, 'o1')).toEqual([])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
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
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentCaptured', 'PaymentRefunded'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('an order that is cancelled after it was paid is refunded', async () => {
  const running = await stockedShop()
  await running.send(PlaceOrder('o1', tea()))
  await running.waitForSaga(fulfilment, 'o1')
  await running.send(CancelOrder('o1', { reason: 'I like coffee now.' }))
  expect(await running.waitForSaga(refund, 'o1')).toMatchObject({ status: 'completed' })
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentCaptured', 'PaymentRefunded'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

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
