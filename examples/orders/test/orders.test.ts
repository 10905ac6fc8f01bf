import { decideAfter, stateAfter } from 'indelible/testing'
import { expect, test } from 'vitest'
import { CustomerLeft, CustomerRegistered } from '../customers/events.ts'
import { AddLine } from '../orders/add-line.ts'
import { CancelOrder } from '../orders/cancel-order.ts'
import { LineAdded, OrderAccepted, OrderCancelled, OrderPaid, OrderPlaced, OrderShipped } from '../orders/events.ts'
import { order } from '../orders/order.ts'
import { PlaceOrder, PlaceOrderWithVoucher, VoucherUsedUp } from '../orders/place-order.ts'
import { AcceptOrder, PayOrder, ShipOrder, WrongStatus } from '../orders/progress.ts'
import { ProductListed } from '../products/events.ts'
import { linesMax } from '../values.ts'
import { stockedShop, tea } from './shop-in-memory.ts'

const ann = CustomerRegistered({ customer: 'ann', name: 'Ann', email: 'ann@example.com' })
const listed = ProductListed({ product: 'tea', title: 'Green tea', cents: 450, currency: 'EUR' })
const others = [ann, listed]
const customer = 'ann'
const added = LineAdded({ ...tea(), cents: 900, currency: 'EUR' })
const mug = LineAdded({ product: 'mug', quantity: 1, cents: 900, currency: 'EUR' })
const placed = OrderPlaced({ customer, lines: [tea()], cents: 900, currency: 'EUR' })
const paid = [placed, OrderAccepted({}), OrderPaid({})]
const shipped = OrderShipped({ customer, lines: [tea()] })
const why = { reason: 'too late' }

test('a line is added at the price of its product, once for a product, and all in one currency', () => {
  expect(decideAfter([], AddLine, tea(), { others })).toEqual([added])
  expect(decideAfter([mug], AddLine, tea(), { others })).toEqual([added])
  expect(decideAfter([], AddLine, tea(), { others: [ann] })).toMatchObject({ refused: 'NoSuchProduct' })
  expect(decideAfter([added], AddLine, tea(1), { others })).toMatchObject({ refused: 'LineExists' })
  const inCrowns = LineAdded({ ...mug.data, currency: 'CZK' })
  expect(decideAfter([inCrowns], AddLine, tea(), { others })).toMatchObject({ refused: 'OtherCurrency' })
  const many = Array.from({ length: linesMax }, (_, n) => LineAdded({ ...mug.data, product: `mug${n}` }))
  expect(decideAfter(many, AddLine, tea(), { others })).toMatchObject({ refused: 'TooManyLines' })
  expect(decideAfter([added, placed], AddLine, tea(), { others })).toEqual(WrongStatus({ status: 'placed' }))
})

test('a customer places an order with all its lines', () => {
  const lines = [tea(), { product: 'mug', quantity: 1 }]
  expect(decideAfter([added, mug], PlaceOrder, { customer }, { others })).toEqual([
    OrderPlaced({ customer, lines, cents: 1_800, currency: 'EUR' }),
  ])
  expect(decideAfter([], PlaceOrder, { customer }, { others })).toMatchObject({ refused: 'NoLines' })
  expect(decideAfter([added, placed], PlaceOrder, { customer }, { others })).toMatchObject({ refused: 'OrderExists' })
  for (const nobody of [[listed], [...others, CustomerLeft({ customer })]])
    expect(decideAfter([added], PlaceOrder, { customer }, { others: nobody })).toMatchObject({
      refused: 'NoSuchCustomer',
    })
})

test('a voucher makes it cheaper, three times over all orders', () => {
  const used = OrderPlaced({ ...placed.data, voucher: 'SPRING' })
  const input = { customer, voucher: 'SPRING' }
  expect(decideAfter([added], PlaceOrderWithVoucher, input, { others: [...others, used, used] })).toMatchObject([
    { data: { cents: 810, voucher: 'SPRING' }, tags: ['customer:ann', 'voucher:SPRING'] },
  ])
  expect(decideAfter([added], PlaceOrderWithVoucher, input, { others: [...others, used, used, used] })).toEqual(
    VoucherUsedUp({ uses: 3 }),
  )
})

test('of twenty orders with a voucher that come at once three get it', async () => {
  const shop = await stockedShop()
  const asked = Array.from({ length: 20 }, async (_, n) => {
    await shop.send(AddLine(`v${n}`, tea(1)))
    return await shop.send(PlaceOrderWithVoucher(`v${n}`, { customer, voucher: 'SPRING' }))
  })
  const statuses = (await Promise.all(asked)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 'accepted')).toHaveLength(3)
  expect(statuses.filter((status) => status === 'refused')).toHaveLength(17)
})

test('an order goes from placed to accepted, paid and shipped, and nowhere else', () => {
  expect(decideAfter([placed], AcceptOrder, {})).toEqual([OrderAccepted({})])
  expect(decideAfter([placed, OrderAccepted({})], PayOrder, {})).toEqual([OrderPaid({})])
  expect(decideAfter(paid, ShipOrder, {})).toEqual([shipped])
  expect(stateAfter(order, [...paid, shipped])).toEqual({ status: 'shipped', ...placed.data })
  expect(decideAfter([], AcceptOrder, {})).toEqual(WrongStatus({ status: 'none' }))
  expect(decideAfter([placed], PayOrder, {})).toEqual(WrongStatus({ status: 'placed' }))
  expect(decideAfter([placed], ShipOrder, {})).toEqual(WrongStatus({ status: 'placed' }))
})

test('an order is cancelled until it ships', () => {
  const cancelled = OrderCancelled(why)
  for (const history of [[added], [placed], paid]) expect(decideAfter(history, CancelOrder, why)).toEqual([cancelled])
  expect(decideAfter([...paid, shipped], CancelOrder, why)).toEqual(WrongStatus({ status: 'shipped' }))
  expect(decideAfter([placed, cancelled], CancelOrder, why)).toEqual([])
  expect(decideAfter([], CancelOrder, why)).toMatchObject({ refused: 'NoSuchOrder' })
})
