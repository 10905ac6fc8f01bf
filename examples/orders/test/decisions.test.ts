import { decideAfter, stateAfter } from 'indelible/testing'
import { expect, test } from 'vitest'
import { ChangeEmail } from '../customers/change-email.ts'
import { customer } from '../customers/customer.ts'
import { CustomerLeft, CustomerRegistered, EmailChanged } from '../customers/events.ts'
import { OrderAccepted, OrderPaid, OrderPlaced, OrderShipped } from '../orders/events.ts'
import { order } from '../orders/order.ts'
import { PlaceOrderWithVoucher } from '../orders/place-order.ts'
import { CancelOrder, ShipOrder, WrongStatus } from '../orders/progress.ts'
import { ProductListed, StockReceived, StockReserved } from '../products/events.ts'
import { OutOfStock, ReserveStock } from '../products/stock.ts'

const registered = CustomerRegistered({ name: 'Ann', email: 'Ann@Example.com' })
const placed = OrderPlaced({ customer: 'ann', product: 'tea', quantity: 1, cents: 450, currency: 'EUR' })

test('an e-mail is written in one way, and changed only to another', () => {
  expect(stateAfter(customer, [registered])).toEqual({ status: 'active', email: 'ann@example.com' })
  expect(decideAfter([registered], ChangeEmail, { email: 'ANN@example.com' })).toEqual([])
  expect(decideAfter([registered], ChangeEmail, { email: 'a@example.com' })).toEqual([
    EmailChanged({ email: 'a@example.com' }),
  ])
  expect(decideAfter([registered, CustomerLeft({})], ChangeEmail, { email: 'a@example.com' })).toMatchObject({
    refused: 'NoSuchCustomer',
  })
})

test('no more is reserved than there is', () => {
  const history = [ProductListed({ title: 'Tea', cents: 450 }), StockReceived({ quantity: 3 })]
  const reserve = { order: 'o1', quantity: 3 }
  expect(decideAfter(history, ReserveStock, reserve)).toEqual([StockReserved(reserve)])
  expect(decideAfter([...history, StockReserved(reserve)], ReserveStock, { order: 'o2', quantity: 1 })).toEqual(
    OutOfStock({ free: 0 }),
  )
})

test('an order is shipped when it is paid, and cancelled until then', () => {
  const paid = [placed, OrderAccepted({}), OrderPaid({ payment: 'p1' })]
  expect(decideAfter([placed], ShipOrder, {})).toEqual(WrongStatus({ status: 'placed' }))
  expect(decideAfter(paid, ShipOrder, {})).toEqual([OrderShipped({ customer: 'ann' })])
  expect(decideAfter([...paid, OrderShipped({ customer: 'ann' })], CancelOrder, { reason: 'late' })).toEqual(
    WrongStatus({ status: 'shipped' }),
  )
  expect(stateAfter(order, paid)).toMatchObject({ status: 'paid', cents: 450, currency: 'EUR' })
})

test('a voucher counts over all orders', () => {
  const used = OrderPlaced({ ...placed.data, voucher: 'SPRING' })
  const input = { customer: 'ann', product: 'tea', quantity: 1, cents: 1_000, voucher: 'SPRING' }
  expect(decideAfter([], PlaceOrderWithVoucher, input, { others: [used, used] })).toMatchObject([
    { data: { cents: 900, voucher: 'SPRING' }, tags: ['customer:ann', 'voucher:SPRING'] },
  ])
  expect(decideAfter([], PlaceOrderWithVoucher, input, { others: [used, used, used] })).toMatchObject({
    refused: 'VoucherUsedUp',
  })
})
