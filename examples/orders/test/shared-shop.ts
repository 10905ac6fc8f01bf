// What the processes that share the shop do, and the one that kills them does at the end. Every command has an id, so that it is carried out once.
import { setTimeout as pause } from 'node:timers/promises'
import { IndelibleError, type RunningSystem, type ServiceConnection, type ServiceResponse } from 'indelible'
import { RegisterCustomer } from '../customers/register-customer.ts'
import { AddLine } from '../orders/add-line.ts'
import { CancelOrder } from '../orders/cancel-order.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { PlaceOrder } from '../orders/place-order.ts'
import { PayOrder, ShipOrder } from '../orders/progress.ts'
import { ListProduct } from '../products/list-product.ts'
import { ReceiveStock } from '../products/receive-stock.ts'

const patience = { timeoutMs: 60_000 }

/** The payment provider of all processes: it decides on one request after the other. */
export function providerAt(url: string): ServiceConnection {
  return {
    async call(request, { signal }) {
      try {
        const response = await fetch(url, { method: 'POST', body: JSON.stringify(request), signal })
        return (await response.json()) as ServiceResponse
      } catch (cause) {
        throw new IndelibleError('remote_unavailable', 'The provider does not answer.', { cause })
      }
    },
  }
}

export async function stocked(running: RunningSystem): Promise<void> {
  const ann = { name: 'Ann', email: 'ann@example.com' }
  await running.send(RegisterCustomer('ann', ann), { commandId: 'register:ann' })
  await running.send(ListProduct('tea', { title: 'Green tea', cents: 450 }), { commandId: 'list:tea' })
  for (let n = 0; n < 10; n++)
    await running.send(ReceiveStock('tea', { quantity: 1_000 }), { commandId: `receive:tea:${n}` })
}

export async function ordered(running: RunningSystem, n: number): Promise<void> {
  const line = { product: 'tea', quantity: 1 }
  await running.send(AddLine(`o${n}`, line), { commandId: `line:${n}` })
  await running.send(PlaceOrder(`o${n}`, { customer: 'ann' }), { commandId: `place:${n}` })
}

/** Pays, or cancels, as soon as the order takes it, and ships; resolves with how its fulfilment ended. */
export async function finished(running: RunningSystem, n: number): Promise<string> {
  const id = `o${n}`
  const first = n % 10 === 0 ? CancelOrder(id, { reason: 'I do not like it.' }) : PayOrder(id, {})
  for (const [at, command] of [first, ShipOrder(id, {})].entries()) {
    for (;;) {
      const outcome = await running.send(command, { commandId: `${id}:${at}` })
      // Not accepted yet; or it ended otherwise.
      if (outcome.status !== 'refused' || !['placed', 'accepted'].includes(statusIn(outcome.details))) break
      await pause(100)
    }
  }
  return (await running.waitForSaga(fulfilment, id, patience)).status
}

function statusIn(details: unknown): string {
  return String((details as { readonly status?: string }).status)
}
