import { decideAfter, stateAfter } from 'indelible/testing'
import { expect, test } from 'vitest'
import { CustomerLeft, CustomerRegistered } from '../customers/events.ts'
import { CancelOrder } from '../orders/cancel-order.ts'
import { OrderAccepted, OrderCancelled, OrderPaid, OrderPlaced, OrderShipped, RefundOwed } from '../orders/events.ts'
import { order } from '../orders/order.ts'
import { PlaceOrder, PlaceOrderWithVoucher, VoucherUsedUp } from '../orders/place-order.ts'
import { AcceptOrder, MarkPaid, ShipOrder, WrongStatus } from '../orders/progress.ts'
import { ProductListed } from '../products/events.ts'
import { stockedShop, tea } from './shop-in-memory.ts'

const ann = CustomerRegistered({ customer: 'ann', name: 'Ann', email: 'ann@example.com' })
const listed = ProductListed({ product: 'tea', title: 'Green tea', cents: 450, currency: 'EUR' })
const others = [ann, listed]
const placed = OrderPlaced({ ...tea(), cents: 900, currency: 'EUR' })
const paid = [placed, OrderAccepted({}), OrderPaid({})]
const shipped = OrderShipped(tea())
const why = { reason: 'too late' }

test('a customer orders a product at its price', () => {
  expect(decideAfter([], PlaceOrder, tea(), { others })).toEqual([placed])
  expect(decideAfter([placed], PlaceOrder, tea(), { others })).toMatchObject({ refused: 'OrderExists' })
  expect(decideAfter([], PlaceOrder, tea(), { others: [ann] })).toMatchObject({ refused: 'NoSuchProduct' })
  for (const nobody of [[listed], [...others, CustomerLeft({ customer: 'ann' })]])
    expect(decideAfter([], PlaceOrder, tea(), { others: nobody })).toMatchObject({ refused: 'NoSuchCustomer' })
})

test('a voucher makes it cheaper, three times over all orders', () => {
  const used = OrderPlaced({ ...placed.data, voucher: 'SPRING' })
  const input = { ...tea(), voucher: 'SPRING' }
  expect(decideAfter([], PlaceOrderWithVoucher, input, { others: [...others, used, used] })).toMatchObject([
    { data: { cents: 810, voucher: 'SPRING' }, tags: ['customer:ann', 'voucher:SPRING'] },
  ])
  expect(decideAfter([], PlaceOrderWithVoucher, input, { others: [...others, used, used, used] })).toEqual(
    VoucherUsedUp({ uses: 3 }),
  )
})

test('of twenty orders with a voucher that come at once three get it', async () => {
  const shop = await stockedShop()
  const asked = Array.from({ length: 20 }, (_, n) =>
    shop.send(PlaceOrderWithVoucher(`v${n}`, { ...tea(1), voucher: 'SPRING' })),
  )
  const statuses = (await Promise.all(asked)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 'accepted')).toHaveLength(3)
  expect(statuses.filter((status) => status === 'refused')).toHaveLength(17)
})

test('an order goes from placed to accepted, paid and shipped, and nowhere else', () => {
  expect(decideAfter([placed], AcceptOrder, {})).toEqual([OrderAccepted({})])
  expect(decideAfter([placed, OrderAccepted({})], MarkPaid, {})).toEqual([OrderPaid({})])
  expect(decideAfter(paid, ShipOrder, {})).toEqual([shipped])
  expect(stateAfter(order, [...paid, shipped])).toEqual({ status: 'shipped', ...tea(), cents: 900, currency: 'EUR' })
  expect(decideAfter([], AcceptOrder, {})).toEqual(WrongStatus({ status: 'none' }))
  expect(decideAfter([placed], MarkPaid, {})).toEqual(WrongStatus({ status: 'placed' }))
  expect(decideAfter([placed], ShipOrder, {})).toEqual(WrongStatus({ status: 'placed' }))
})

test('an order is cancelled until it ships, and one that was paid is owed a refund', () => {
  const cancelled = OrderCancelled(why)
  expect(decideAfter([placed], CancelOrder, why)).toEqual([cancelled])
  expect(decideAfter(paid, CancelOrder, why)).toEqual([cancelled, RefundOwed({ product: 'tea', quantity: 2 })])
  expect(decideAfter([...paid, shipped], CancelOrder, why)).toEqual(WrongStatus({ status: 'shipped' }))
  expect(decideAfter([placed, cancelled], CancelOrder, why)).toEqual([])
  expect(decideAfter([], CancelOrder, why)).toMatchObject({ refused: 'NoSuchOrder' })
})
