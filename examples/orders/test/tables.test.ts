import { expect, test } from 'vitest'
import { ChangeEmail } from '../customers/change-email.ts'
import { Leave } from '../customers/leave.ts'
import { search, searchIndex } from '../outside/search.ts'
import { ListProduct } from '../products/list-product.ts'
import { customers } from '../projections/customers.ts'
import { orderLines } from '../projections/order-lines.ts'
import { orderList } from '../projections/order-list.ts'
import { ordersByDay } from '../projections/orders-by-day.ts'
import { caughtUp, place, stockedShop, tea } from './shop-in-memory.ts'

const orders = [
  ['o1', 'tea', '2026-03-01'],
  ['o2', 'tea', '2026-03-01'],
  ['o3', 'cup', '2026-03-01'],
  ['o4', 'tea', '2026-03-02T23:59:59+02:00'],
] as const

async function shopWithOrders() {
  const running = await stockedShop()
  await running.send(ListProduct('cup', { title: 'A cup for tea', cents: 9_900, currency: 'CZK' }))
  for (const [id, product, validAt] of orders) await place(running, id, [{ product, quantity: 1 }], { validAt })
  return running
}

test('each day has a row for each currency, whenever its orders were recorded', async () => {
  const running = await shopWithOrders()
  await caughtUp(running, ordersByDay)
  const rows = [
    { day: '2026-03-01', currency: 'CZK', orders: 1, cents: 9_900 },
    { day: '2026-03-01', currency: 'EUR', orders: 2, cents: 900 },
    { day: '2026-03-02', currency: 'EUR', orders: 1, cents: 450 },
  ]
  expect(await running.select(ordersByDay)).toEqual(rows)
  expect(await running.rebuild(ordersByDay)).toMatchObject({ rows: 3 })
  expect(await running.select(ordersByDay, { where: { day: '2026-03-01' } })).toEqual(rows.slice(0, 2))
})

test('customers have the number of their orders, and no e-mail when they have left', async () => {
  const running = await shopWithOrders()
  await running.send(ChangeEmail('ann', { email: 'a@example.com' }))
  await caughtUp(running, customers)
  const ann = { customer_id: 'ann', name: 'Ann', email: 'a@example.com', orders: 4, last_ordered_on: '2026-03-02' }
  expect(await running.select(customers)).toEqual([ann])
  await running.send(Leave('ann', {}))
  await caughtUp(running, customers)
  expect(await running.select(customers)).toEqual([{ ...ann, email: null }])
})

test('the list of orders is read a page at a time, the dearest first, or by condition', async () => {
  const running = await shopWithOrders()
  await caughtUp(running, orderList)
  const dearest = { orderBy: [{ cents: 'desc' }, 'order_id'], limit: 2 } as const
  const first = await running.select(orderList, dearest)
  const second = await running.select(orderList, { ...dearest, after: first.at(-1) })
  expect([...first, ...second].map(({ order_id }) => order_id)).toEqual(['o3', 'o1', 'o2', 'o4'])
  expect(await running.select(orderList, { where: { customer: 'ann', cents: { lt: 1_000 } } })).toHaveLength(3)
})

test('each line of an order has a row', async () => {
  const running = await stockedShop()
  await place(running, 'o1', [tea(), { product: 'mug', quantity: 1 }])
  await caughtUp(running, orderLines)
  expect(await running.select(orderLines, { where: { product: { in: ['mug', 'cup'] } } })).toEqual([
    { order_id: 'o1', line: 2, product: 'mug', quantity: 1 },
  ])
})

test('products are found by the words of their titles', async () => {
  const running = await shopWithOrders()
  await caughtUp(running, search)
  expect(await searchIndex()).toEqual({
    green: ['tea'],
    tea: ['tea', 'cup'],
    a: ['mug', 'cup'],
    white: ['mug'],
    mug: ['mug'],
    cup: ['cup'],
    for: ['cup'],
  })
})
