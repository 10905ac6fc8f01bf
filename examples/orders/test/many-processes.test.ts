// Many processes run the shop on one Postgres, and half of them are killed over and over: each order is fulfilled or taken back, each mail goes out, and the tables
// are the fold.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { postgresStorage, postgresTables } from '@indelible/postgres'
import { type ServiceRequest, startSystem } from 'indelible'
import { expect, onTestFinished, test, vi } from 'vitest'
import { draws, hours, seed } from '../../../scripts/campaign.ts'
import { manyProcesses, processes, sameAsFold, sharedServer } from '../../../scripts/many-processes.ts'
import { fulfilment } from '../orders/fulfilment.ts'
import { mailsSent } from '../outside/outbox.ts'
import { paymentProvider, payments } from '../outside/payment-provider.ts'
import { shop } from '../system.ts'
import { finished, providerAt } from './shared-shop.ts'
import { outsideOfItsOwn } from './shop-in-memory.ts'

test(`${processes} processes share the shop, half of them are killed over and over, one is paused`, hours, async () => {
  outsideOfItsOwn()
  const server = await sharedServer()
  const { connectionString } = server
  const provider = await providerServer()
  const placed = new Set<number>()
  const ends = new Map<number, string>()
  const { kills, pauses, handovers } = await manyProcesses({
    child: new URL('sharing-process.ts', import.meta.url),
    args: [connectionString, provider, process.env.ORDERS_OUTSIDE!, String(processes)],
    server,
    next: draws(),
    said(line) {
      const [what, n] = line.split(' ') as [string, string]
      if (what === 'placed') placed.add(Number(n))
      else ends.set(Number(n), what)
    },
  })
  const { store: open, ...kept } = postgresStorage({ connectionString, mode: 'run' })
  const store = await open()
  const tables = await postgresTables({ connectionString, schema: 'shop' })
  const running = startSystem(shop, { ...kept, store, tables, services: { payments: providerAt(provider) } })
  onTestFinished(() => running.close())
  const started = (await Array.fromAsync(store.read([{ types: ['OrderPlaced'] }]))).flatMap(({ events }) => events)
  for (const n of placed) expect(started.map(({ streamId }) => streamId)).toContain(`o${n}`)
  const all = new Map<string, string>()
  for (const { streamId } of started) {
    const n = Number(streamId.slice(1))
    all.set(streamId, await finished(running, n))
    if (ends.has(n)) expect(all.get(streamId)).toBe(ends.get(n))
    if (n % 10 !== 0) expect(all.get(streamId), streamId).toBe('completed')
  }
  const { position } = await store.head()
  for (const each of [...shop.projections, ...shop.reactions, ...shop.subscriptions, fulfilment])
    await running.waitFor(each, position, { timeoutMs: 60_000 })
  await sameAsFold(running)
  const shipped = (await Array.fromAsync(store.read([{ types: ['OrderShipped'] }]))).flatMap(({ events }) => events)
  const keys = (await mailsSent()).map(({ key }) => key)
  for (const { id } of shipped) expect(keys).toContain(`mail:${id}`)
  const completed = [...all.values()].filter((status) => status === 'completed')
  expect(shipped).toHaveLength(completed.length)
  expect(payments().filter(({ status }) => status === 'captured')).toHaveLength(completed.length)
  // What is given back may be asked of the provider a moment after the order was cancelled.
  await vi.waitFor(() => expect(payments().filter(({ status }) => status === 'held')).toEqual([]), { timeout: 30_000 })
  expect(await running.consumers.show(fulfilment)).toMatchObject({ needsIntervention: [] })
  console.log(
    `shop on ${processes} processes: ${all.size} orders, ${completed.length} fulfilled, ${kills} kills, ${pauses} pauses, ${handovers} handovers; seed ${seed}`,
  )
  expect([kills > 0, pauses > 0, handovers > 0, all.size > 0]).toEqual([true, true, true, true])
})

/** The fake provider, in one process, for all. */
async function providerServer(): Promise<string> {
  const server = createServer(async (request, response) => {
    const asked = (await json(request)) as ServiceRequest
    const answer = await paymentProvider.call(asked, { signal: new AbortController().signal })
    response.end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
