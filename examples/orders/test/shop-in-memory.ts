// The shop without a disk, with some stock, for tests. What it does to the outside world is in a directory of the test's own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Named,
  type RunningSystem,
  type SagaView,
  type SendOptions,
  type StartOptions,
  startSystem,
} from 'indelible'
import { onTestFinished } from 'vitest'
import { RegisterCustomer } from '../customers/register-customer.ts'
import { AddLine } from '../orders/add-line.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { PlaceOrder } from '../orders/place-order.ts'
import { PayOrder, ShipOrder } from '../orders/progress.ts'
import { waitsAt } from '../orders/waits-at.ts'
import { paymentProvider } from '../outside/payment-provider.ts'
import { ListProduct } from '../products/list-product.ts'
import { ReceiveStock } from '../products/receive-stock.ts'
import { shop } from '../system.ts'

export const services = { payments: paymentProvider }

export async function stockedShop(parts: StartOptions = {}): Promise<RunningSystem> {
  outsideOfItsOwn()
  const running = startSystem(shop, { services, ...parts })
  onTestFinished(() => running.close())
  await stock(running)
  return running
}

/** Ann, ten of a tea, and five of a mug. */
export async function stock(running: RunningSystem): Promise<void> {
  await running.send(RegisterCustomer('ann', { name: 'Ann', email: 'ann@example.com' }))
  await running.send(ListProduct('tea', { title: 'Green tea', cents: 450 }))
  await running.send(ReceiveStock('tea', { quantity: 10 }))
  await running.send(ListProduct('mug', { title: 'A white mug', cents: 900 }))
  await running.send(ReceiveStock('mug', { quantity: 5 }))
}

export const tea = (quantity = 2) => ({ product: 'tea', quantity })

/** Ann places an order with these lines. */
export async function place(running: RunningSystem, order: string, lines = [tea()], options: SendOptions = {}) {
  for (const line of lines) await running.send(AddLine(order, line), options)
  return await running.send(PlaceOrder(order, { customer: 'ann' }), options)
}

/** Pays an order if it comes to that, and resolves when its fulfilment waits for the parcel or has ended. */
export async function paid(running: RunningSystem, order: string): Promise<SagaView> {
  if (await waitsAt(running, order, 'money')) await running.send(PayOrder(order, {}))
  await waitsAt(running, order, 'parcel')
  return (await running.saga(fulfilment, order))!
}

/** Pays and ships an order, and resolves when its fulfilment has ended. */
export async function shipped(running: RunningSystem, order: string): Promise<SagaView> {
  await paid(running, order)
  await running.send(ShipOrder(order, {}))
  return await running.waitForSaga(fulfilment, order)
}

/** Resolves when these show and have done all that the log has now. */
export async function caughtUp(running: RunningSystem, ...consumers: readonly Named[]): Promise<void> {
  const { position } = await running.store.head()
  for (const each of consumers) await running.waitFor(each, position)
}

/** For everything that this test mails, indexes or pays. */
export function outsideOfItsOwn(): void {
  process.env.ORDERS_OUTSIDE = dirOfItsOwn()
}

export function dirOfItsOwn(): string {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-orders-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
