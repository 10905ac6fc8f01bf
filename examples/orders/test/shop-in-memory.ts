// The shop without a disk, with some stock, for tests. Its outbox is a file in a directory of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningSystem, type StartOptions, startSystem } from 'indelible'
import { onTestFinished } from 'vitest'
import { RegisterCustomer } from '../customers/register-customer.ts'
import { ListProduct } from '../products/list-product.ts'
import { ReceiveStock } from '../products/stock.ts'
import { shop } from '../system.ts'

export async function stockedShop(parts: StartOptions = {}): Promise<RunningSystem> {
  outboxOfItsOwn()
  const running = startSystem(shop, parts)
  onTestFinished(() => running.close())
  await running.send(RegisterCustomer('ann', { name: 'Ann', email: 'ann@example.com' }))
  await running.send(ListProduct('tea', { title: 'Green tea', cents: 450 }))
  await running.send(ReceiveStock('tea', { quantity: 10 }))
  return running
}

/** For all that this test mails. */
export function outboxOfItsOwn(): void {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-orders-'))
  process.env.ORDERS_OUTBOX = join(dir, 'outbox.jsonl')
  onTestFinished(() => rmSync(dir, { recursive: true }))
}

export const tea = (quantity = 2) => ({ customer: 'ann', product: 'tea', quantity, cents: 450 * quantity })
