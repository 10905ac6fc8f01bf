// Every command of the shop is decided again and comes to the same events. What the payment provider decided is not ours to decide again.
import { replayDecisions } from 'indelible/history'
import { expect, test } from 'vitest'
import { shop } from '../system.ts'
import { paid, place, shipped, stockedShop, tea } from './shop-in-memory.ts'

test('every decision of the shop is made again, byte for byte', async () => {
  const running = await stockedShop()
  await place(running, 'o1', [tea(), { product: 'mug', quantity: 1 }])
  await shipped(running, 'o1')
  await place(running, 'o2', [tea(100)])
  await paid(running, 'o2')
  const replayed = await Array.fromAsync(replayDecisions(running.store, shop))
  const others = replayed.filter(({ verdict }) => verdict !== 'same')
  expect(others.map(({ stream, verdict }) => [stream, verdict])).toEqual([
    ['payments-o1', 'not recorded'],
    ['payments-o1', 'not recorded'],
  ])
  expect(new Set(replayed.map(({ command }) => command)).size).toBeGreaterThan(10)
})
