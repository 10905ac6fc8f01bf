// A small history to look at, made like any other: by commands.
import type { Command, RunningSystem } from 'indelible'
import { RegisterCustomer } from './customers/register-customer.ts'
import { AddLine } from './orders/add-line.ts'
import { CancelOrder } from './orders/cancel-order.ts'
import { PlaceOrder, PlaceOrderWithVoucher } from './orders/place-order.ts'
import { PayOrder, ShipOrder } from './orders/progress.ts'
import { waitsAt } from './orders/waits-at.ts'
import { ListProduct } from './products/list-product.ts'
import { ReceiveStock } from './products/receive-stock.ts'

const history: readonly { on: string; command: Command }[] = [
  { on: '2026-03-01', command: RegisterCustomer('ann', { name: 'Ann Marlow', email: 'ann@example.com' }) },
  { on: '2026-03-01', command: RegisterCustomer('ben', { name: 'Ben Okafor', email: 'ben@example.com' }) },
  { on: '2026-03-01', command: ListProduct('tea', { title: 'Green tea', cents: 450 }) },
  { on: '2026-03-01', command: ListProduct('mug', { title: 'A white mug', cents: 900 }) },
  { on: '2026-03-01', command: ListProduct('pot', { title: 'A pot for tea', cents: 99_000, currency: 'CZK' }) },
  { on: '2026-03-02', command: ReceiveStock('tea', { quantity: 100 }) },
  { on: '2026-03-02', command: ReceiveStock('mug', { quantity: 10 }) },
  { on: '2026-03-02', command: ReceiveStock('pot', { quantity: 2 }) },
  { on: '2026-03-03', command: AddLine('o1', { product: 'tea', quantity: 3 }) },
  { on: '2026-03-03', command: AddLine('o1', { product: 'mug', quantity: 1 }) },
  { on: '2026-03-03', command: PlaceOrder('o1', { customer: 'ann' }) },
  { on: '2026-03-03', command: PayOrder('o1', {}) },
  { on: '2026-03-03', command: AddLine('o2', { product: 'pot', quantity: 1 }) },
  { on: '2026-03-03', command: PlaceOrder('o2', { customer: 'ben' }) },
  { on: '2026-03-03', command: PayOrder('o2', {}) },
  { on: '2026-03-04', command: ShipOrder('o1', {}) },
  // There are no five pots.
  { on: '2026-03-05', command: AddLine('o3', { product: 'pot', quantity: 5 }) },
  { on: '2026-03-05', command: PlaceOrder('o3', { customer: 'ann' }) },
  { on: '2026-03-05', command: AddLine('o4', { product: 'tea', quantity: 9 }) },
  { on: '2026-03-05', command: PlaceOrderWithVoucher('o4', { customer: 'ben', voucher: 'SPRING' }) },
  { on: '2026-03-05', command: PayOrder('o4', {}) },
  { on: '2026-03-06', command: CancelOrder('o2', { reason: 'It is the wrong colour.' }) },
]

/** Every command has an id, so seeding again, also after half of it, adds only what is missing. */
export async function seed(shop: RunningSystem): Promise<void> {
  for (const [index, { on, command }] of history.entries()) {
    const outcome = await shop.send(command, { commandId: `seed:${index}`, actor: 'seed', validAt: on })
    if (outcome.status !== 'accepted') throw new Error(`Seeding stopped at ${command.type}: ${JSON.stringify(outcome)}`)
    if (command.type.startsWith('PlaceOrder')) await waitsAt(shop, command.id, 'money')
    if (command.type === 'PayOrder') await waitsAt(shop, command.id, 'parcel')
  }
}
