// Live feeds over a real server that is closed and opened again.
import { client } from '@indelible/client'
import { serve } from '@indelible/server'
import { expect, onTestFinished, test } from 'vitest'
import type { bank } from '../../../examples/bank/bank.ts'
import { bankInMemory } from '../../../examples/bank/test/bank-in-memory.ts'

test('events come once and in order, and changes of a table lead to its rows', async () => {
  const running = bankInMemory()
  let server = await serve(running, { port: 0 })
  const { url } = server
  const stop = new AbortController()
  onTestFinished(async () => {
    stop.abort()
    await server.close()
    await running.close()
  })
  const api = client<typeof bank>({ url, timeoutMs: 60_000 })
  const ann = api.aggregate('account', 'ann')
  const amounts: number[] = []
  const balances = new Map<string, number>()
  const lost: unknown[] = []
  const options = { after: 0, signal: stop.signal, onLost: (error: Error) => lost.push(error) }
  const following = [
    (async () => {
      for await (const { data } of api.events({ ...options, types: ['FundsDeposited'] })) amounts.push(data.amount)
    })(),
    (async () => {
      for await (const { change, row } of api.table('account_balances').changes({ signal: stop.signal })) {
        if (change === 'reset') balances.clear()
        else if (row) balances.set(row.account_id, row.balance)
      }
    })(),
  ]
  await ann.send('OpenAccount', { owner: 'Ann' })
  for (let amount = 1; amount <= 12; amount++) {
    await ann.send('DepositFunds', { amount })
    if (amount % 4 > 0) continue
    await server.close()
    // While nobody can reach the server, others go on to write.
    await running.send({ category: 'account', id: 'ann', type: 'DepositFunds', input: { amount: amount + 100 } })
    server = await serve(running, { port: Number(new URL(url).port) })
  }
  const all = [1, 2, 3, 4, 104, 5, 6, 7, 8, 108, 9, 10, 11, 12, 112]
  await expect.poll(() => amounts.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(all.length)
  await expect.poll(() => balances.get('ann'), { timeout: 30_000 }).toBe(all.reduce((sum, each) => sum + each, 0))
  expect(amounts).toEqual(all)
  expect(lost.length).toBeGreaterThan(0)
  stop.abort()
  await Promise.all(following)
})
