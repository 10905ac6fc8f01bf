import { manualClock } from 'indelible/testing'
import { expect, test } from 'vitest'
import { fulfilment } from '../orders/fulfilment.ts'
import { PayOrder } from '../orders/progress.ts'
import { waitsAt } from '../orders/waits-at.ts'
import { payments } from '../outside/payment-provider.ts'
import { ListProduct } from '../products/list-product.ts'
import { ReceiveStock } from '../products/receive-stock.ts'
import { paid, place, shipped, stockedShop, tea } from './shop-in-memory.ts'
import { paymentOf, shown } from './shown.ts'

test('an order is fulfilled: its stock is reserved, its money held and taken, and it is shipped', async () => {
  const running = await stockedShop()
  await place(running, 'o1', [tea(), { product: 'mug', quantity: 1 }])
  await paid(running, 'o1')
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised'])
  expect(await shown(running)).toEqual({ order: 'paid', free: 8, reserved: 2, shipped: 0 })
  expect(await shipped(running, 'o1')).toMatchObject({ status: 'completed' })
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentCaptured'])
  expect(payments()).toMatchObject([{ cents: 1_800, currency: 'EUR', status: 'captured' }])
  expect(await shown(running)).toEqual({ order: 'shipped', free: 8, reserved: 0, shipped: 2 })
  expect(await shown(running, 'mug')).toEqual({ order: 'shipped', free: 4, reserved: 0, shipped: 1 })
})

test('where there is too little stock for one line the others are given back, the order is cancelled and no money moves', async () => {
  const running = await stockedShop()
  await place(running, 'o1', [tea(), { product: 'mug', quantity: 6 }])
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { step: 'lines[2]/reserve', reason: 'OutOfStock', details: { free: 5 } },
  })
  expect(await shown(running, 'mug')).toEqual({ order: 'cancelled', free: 5, reserved: 0, shipped: 0 })
  expect(await paymentOf(running, 'o1')).toEqual([])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('where the money is not lent the stock is given back', async () => {
  const running = await stockedShop()
  await running.send(ReceiveStock('tea', { quantity: 1_000 }))
  await place(running, 'o1', [tea(300)])
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { step: 'authorise', reason: 'LimitExceeded', details: { centsMax: 100_000 } },
  })
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 1_010, reserved: 0, shipped: 0 })
})

test('an order that is not paid within half an hour is cancelled, its stock is given back, and its money let go', async () => {
  const clock = manualClock()
  const running = await stockedShop({ clock })
  await place(running, 'o1')
  expect(await waitsAt(running, 'o1', 'money')).toBe(true)
  expect(await shown(running)).toEqual({ order: 'accepted', free: 8, reserved: 2, shipped: 0 })
  clock.advance(30 * 60_000)
  expect(await running.waitForSaga(fulfilment, 'o1')).toMatchObject({
    status: 'compensated',
    failure: { step: 'money', reason: 'TimedOut' },
  })
  expect(await running.send(PayOrder('o1', {}))).toMatchObject({ status: 'refused', reason: 'WrongStatus' })
  expect(await paymentOf(running, 'o1')).toEqual(['PaymentAuthorised', 'PaymentReturned'])
  expect(await shown(running)).toEqual({ order: 'cancelled', free: 10, reserved: 0, shipped: 0 })
})

test('an order with the longest id and the largest price there are is decided like any other', async () => {
  const running = await stockedShop()
  const id = 'x'.repeat(256)
  await running.send(ListProduct('gold', { title: 'Gold', cents: 100_000_000 }))
  await running.send(ReceiveStock('gold', { quantity: 1_000 }))
  const gold = { product: 'gold', quantity: 1_000 }
  expect(await place(running, id, [gold])).toMatchObject({ status: 'accepted' })
  expect(await running.waitForSaga(fulfilment, id)).toMatchObject({ failure: { reason: 'LimitExceeded' } })
})

test('of ten orders for the last ten, two each, five are fulfilled', async () => {
  const running = await stockedShop()
  const ids = Array.from({ length: 10 }, (_, n) => `o${n}`)
  await Promise.all(ids.map((id) => place(running, id)))
  const ends = await Promise.all(ids.map((id) => paid(running, id)))
  expect(ends.filter(({ status }) => status === 'running')).toHaveLength(5)
  expect(ends.filter(({ status }) => status === 'compensated')).toHaveLength(5)
  expect(await shown(running)).toMatchObject({ free: 0, reserved: 10 })
})
