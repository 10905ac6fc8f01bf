// A small history to look at, made like any other: by commands.
import type { Command, RunningSystem } from 'indelible'
import { RegisterCustomer } from './customers/register-customer.ts'
import { awaitsMoney } from './orders/awaits-money.ts'
import { CancelOrder } from './orders/cancel-order.ts'
import { fulfilment } from './orders/fulfilment.ts'
import { PlaceOrder, PlaceOrderWithVoucher } from './orders/place-order.ts'
import { ShipOrder } from './orders/progress.ts'
import { CapturePayment } from './payments/capture-payment.ts'
import { ListProduct } from './products/list-product.ts'
import { ReceiveStock } from './products/receive-stock.ts'

const history: readonly { on: string; command: Command }[] = [
  { on: '2026-03-01', command: RegisterCustomer('ann', { name: 'Ann Marlow', email: 'ann@example.com' }) },
  { on: '2026-03-01', command: RegisterCustomer('ben', { name: 'Ben Okafor', email: 'ben@example.com' }) },
  { on: '2026-03-01', command: ListProduct('tea', { title: 'Green tea', cents: 450 }) },
  { on: '2026-03-01', command: ListProduct('pot', { title: 'A pot for tea', cents: 99_000, currency: 'CZK' }) },
  { on: '2026-03-02', command: ReceiveStock('tea', { quantity: 100 }) },
  { on: '2026-03-02', command: ReceiveStock('pot', { quantity: 2 }) },
  { on: '2026-03-03', command: PlaceOrder('o1', { customer: 'ann', product: 'tea', quantity: 3 }) },
  { on: '2026-03-03', command: CapturePayment('o1', {}) },
  { on: '2026-03-03', command: PlaceOrder('o2', { customer: 'ben', product: 'pot', quantity: 1 }) },
  { on: '2026-03-03', command: CapturePayment('o2', {}) },
  { on: '2026-03-04', command: ShipOrder('o1', {}) },
  // There are no five pots.
  { on: '2026-03-05', command: PlaceOrder('o3', { customer: 'ann', product: 'pot', quantity: 5 }) },
  {
    on: '2026-03-05',
    command: PlaceOrderWithVoucher('o4', { customer: 'ben', product: 'tea', quantity: 9, voucher: 'SPRING' }),
  },
  { on: '2026-03-05', command: CapturePayment('o4', {}) },
  { on: '2026-03-06', command: CancelOrder('o2', { reason: 'It is the wrong colour.' }) },
]

/** Every command has an id, so seeding again, also after half of it, adds only what is missing. */
export async function seed(shop: RunningSystem): Promise<void> {
  for (const [index, { on, command }] of history.entries()) {
    const outcome = await shop.send(command, { commandId: `seed:${index}`, actor: 'seed', validAt: on })
    if (outcome.status !== 'accepted') throw new Error(`Seeding stopped at ${command.type}: ${JSON.stringify(outcome)}`)
    if (command.type.startsWith('PlaceOrder')) await awaitsMoney(shop, command.id)
    if (command.type === 'CapturePayment') await shop.waitForSaga(fulfilment, command.id)
  }
}
