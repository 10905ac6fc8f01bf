// The shop as its config opens it: the log in files, the tables in an embedded Postgres.
import { openSystem, type RunningSystem } from 'indelible'
import { expect, onTestFinished, test } from 'vitest'
import { fulfilment } from '../orders/fulfilment.ts'
import { mail } from '../outside/mail.ts'
import { search, searchIndex } from '../outside/search.ts'
import { customers } from '../projections/customers.ts'
import { orderList } from '../projections/order-list.ts'
import { ordersByDay } from '../projections/orders-by-day.ts'
import { stockLevels } from '../projections/stock-levels.ts'
import { seed } from '../seed.ts'
import { caughtUp, dirOfItsOwn, outsideOfItsOwn } from './shop-in-memory.ts'

// An embedded Postgres that begins takes seconds, on a busy machine many.
test('a seeded shop has its tables, also when it is started again and seeded again', { timeout: 240_000 }, async () => {
  outsideOfItsOwn()
  const dataDir = dirOfItsOwn()
  const open = () => openSystem(new URL('../indelible.config.ts', import.meta.url), { dataDir })
  const first = await open()
  onTestFinished(() => first.close())
  await seed(first)
  await Promise.all(['o1', 'o2'].map((id) => first.waitForSaga(fulfilment, id)))
  const position = await lastPosition(first)
  await first.close()

  const second = await open()
  onTestFinished(() => second.close())
  await seed(second)
  expect(await lastPosition(second)).toBe(position)
  await caughtUp(second, orderList, stockLevels, ordersByDay, customers, mail, search)
  const orders = await second.select(orderList)
  expect(orders.map(({ order_id, status, cents }) => [order_id, status, cents])).toEqual([
    ['o1', 'shipped', 2_250],
    ['o2', 'cancelled', 99_000],
    ['o3', 'cancelled', 495_000],
    ['o4', 'paid', 3_645],
  ])
  expect(await second.select(stockLevels)).toMatchObject([
    { product_id: 'mug', free: 9, reserved: 0, shipped: 1 },
    { product_id: 'pot', free: 2, reserved: 0, shipped: 0 },
    { product_id: 'tea', free: 88, reserved: 9, shipped: 3 },
  ])
  expect(await second.select(ordersByDay, { where: { currency: 'CZK' } })).toEqual([
    { day: '2026-03-03', currency: 'CZK', orders: 1, cents: 99_000 },
    { day: '2026-03-05', currency: 'CZK', orders: 1, cents: 495_000 },
  ])
  expect(await second.select(customers)).toMatchObject([
    { customer_id: 'ann', orders: 2, last_ordered_on: '2026-03-05' },
    { customer_id: 'ben', orders: 2, last_ordered_on: '2026-03-05' },
  ])
  expect(await searchIndex()).toMatchObject({ tea: ['tea', 'pot'] })
})

/** Of an event of the shop: refused commands are recorded in the audit trail each time. */
async function lastPosition({ store }: RunningSystem): Promise<number | undefined> {
  const [batch] = await Array.fromAsync(store.read('all', { direction: 'backwards', limit: 1 }))
  return batch?.events[0]?.position
}
