import { expect, test } from 'vitest'
import { dispatch } from '../orders/aftermath.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { PlaceOrder } from '../orders/place-order.ts'
import { ShipOrder } from '../orders/progress.ts'
import { ListProduct } from '../products/list-product.ts'
import { ReceiveStock } from '../products/receive-stock.ts'
import { stockedShop, tea } from './shop-in-memory.ts'
import { paymentOf, shown } from './shown.ts'

test('an order is fulfilled: its stock is reserved, its money taken, and it is paid', async () => {
  const running = await stockedShop()
  await running.send(PlaceOrder('o1', tea()))
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({ status: 'completed' })
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentCaptured'])
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
  expect(await paymentOf(running, 'o1')).toEqual([])
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

test('an order with the longest id and the largest price there are is decided like any other', async () => {
  const running = await stockedShop()
  const id = 'x'.repeat(256)
  await running.send(ListProduct('gold', { title: 'Gold', cents: 100_000_000 }))
  await running.send(ReceiveStock('gold', { quantity: 1_000 }))
  expect(await running.send(PlaceOrder(id, { ...tea(1_000), product: 'gold' }))).toMatchObject({ status: 'accepted' })
  expect(await running.waitForSaga(fulfilment, id)).toMatchObject({ failure: { reason: 'LimitExceeded' } })
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
