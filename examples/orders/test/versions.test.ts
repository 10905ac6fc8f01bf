// A log that version 1 of the shop wrote is read by version 2: everybody sees the newest form.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSystem } from 'indelible'
import { fileStore } from 'indelible/file'
import { stateAsOf } from 'indelible/history'
import { expect, onTestFinished, test } from 'vitest'
import { fulfilment } from '../orders/fulfilment.ts'
import { order } from '../orders/order.ts'
import { ShipOrder } from '../orders/progress.ts'
import { orderList } from '../projections/order-list.ts'
import { ordersByDay } from '../projections/orders-by-day.ts'
import { shop } from '../system.ts'
import { outboxOfItsOwn } from './shop-in-memory.ts'

test('orders of version 1 are in euros, in states, tables, commands and sagas', async () => {
  outboxOfItsOwn()
  const dir = mkdtempSync(join(tmpdir(), 'indelible-version-1-'))
  cpSync(new URL('./version-1', import.meta.url), dir, { recursive: true })
  const running = startSystem(shop, { store: await fileStore({ dir }) })
  onTestFinished(async () => {
    await running.close()
    rmSync(dir, { recursive: true })
  })
  expect((await stateAsOf(running.store, order, { id: 'old-1', asOf: { version: 1 } })).state).toEqual({
    status: 'placed',
    customer: 'ann',
    cents: 450,
    currency: 'EUR',
  })
  // Nobody ever listed the tea of that shop.
  expect(await running.waitForSaga(fulfilment, 'old-1')).toMatchObject({ failure: { reason: 'NoSuchProduct' } })
  const { position } = await running.store.head()
  for (const each of [orderList, ordersByDay]) await running.waitFor(each, position)
  expect(await running.select(orderList)).toMatchObject([
    { order_id: 'old-1', currency: 'EUR' },
    { order_id: 'old-2', currency: 'EUR' },
  ])
  expect(await running.select(ordersByDay)).toEqual([{ day: '2026-01-31', currency: 'EUR', orders: 2, cents: 1350 }])
  expect(await running.send(ShipOrder('old-2', {}))).toMatchObject({ status: 'refused', reason: 'WrongStatus' })
})
