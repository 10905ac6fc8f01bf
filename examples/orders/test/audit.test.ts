// Who did what in the shop: customers, its sagas, and people.
import { auditTrail } from 'indelible/history'
import { expect, test } from 'vitest'
import { paid, place, shipped, stockedShop, tea } from './shop-in-memory.ts'

test('an order that cannot be delivered: the refusal names the product, and the trail is complete', async () => {
  const running = await stockedShop({ audit: { refusals: true } })
  await place(running, 'o1', [tea()], { actor: 'ann' })
  await shipped(running, 'o1')
  await place(running, 'o2', [tea(100)], { actor: 'ann' })
  await paid(running, 'o2')
  const trail = () => Array.fromAsync(auditTrail(running.store))
  await expect
    .poll(async () => (await trail()).filter(({ outcome }) => outcome === 'refused'))
    .toMatchObject([
      { action: 'ReserveStock', stream: 'product-tea', actor: 'saga:fulfilment', input: { quantity: 100 } },
    ])
  const entries = await trail()
  expect(entries.filter(({ outcome }) => outcome === 'appended' || outcome === 'gap')).toEqual([])
  // Each command is told once, also where it recorded several events.
  const accepted = entries.filter(({ outcome }) => outcome === 'accepted')
  expect(new Set(accepted.map(({ commandId }) => commandId)).size).toBe(accepted.length)
  const byAnn = await Array.fromAsync(auditTrail(running.store, { actor: 'ann' }))
  expect(byAnn.map(({ action, stream }) => `${action} ${stream}`)).toEqual([
    'AddLine order-o1',
    'PlaceOrder order-o1',
    'AddLine order-o2',
    'PlaceOrder order-o2',
  ])
})
