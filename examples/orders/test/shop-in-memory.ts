// The shop without a disk, with some stock, for tests. What it does to the outside world is in a directory of the test's own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Named, type RunningSystem, type SagaView, type StartOptions, startSystem } from 'indelible'
import { onTestFinished } from 'vitest'
import { RegisterCustomer } from '../customers/register-customer.ts'
import { awaitsMoney } from '../orders/awaits-money.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { CapturePayment } from '../payments/capture-payment.ts'
import { ListProduct } from '../products/list-product.ts'
import { ReceiveStock } from '../products/receive-stock.ts'
import { shop } from '../system.ts'

export async function stockedShop(parts: StartOptions = {}): Promise<RunningSystem> {
  outsideOfItsOwn()
  const running = startSystem(shop, parts)
  onTestFinished(() => running.close())
  await stock(running)
  return running
}

/** Ann, and ten of a tea. */
export async function stock(running: RunningSystem): Promise<void> {
  await running.send(RegisterCustomer('ann', { name: 'Ann', email: 'ann@example.com' }))
  await running.send(ListProduct('tea', { title: 'Green tea', cents: 450 }))
  await running.send(ReceiveStock('tea', { quantity: 10 }))
}

export const tea = (quantity = 2) => ({ customer: 'ann', product: 'tea', quantity })

/** Pays an order if it comes to that, and resolves when its fulfilment has ended. */
export async function paid(running: RunningSystem, order: string): Promise<SagaView> {
  if (await awaitsMoney(running, order)) await running.send(CapturePayment(order, {}))
  return await running.waitForSaga(fulfilment, order)
}

/** Resolves when these show and have done all that the log has now. */
export async function caughtUp(running: RunningSystem, ...consumers: readonly Named[]): Promise<void> {
  const { position } = await running.store.head()
  for (const each of consumers) await running.waitFor(each, position)
}

/** For everything that this test mails or indexes. */
export function outsideOfItsOwn(): void {
  process.env.ORDERS_OUTSIDE = dirOfItsOwn()
}

export function dirOfItsOwn(): string {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-orders-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
