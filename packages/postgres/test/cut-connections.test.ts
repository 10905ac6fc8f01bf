// Cuts the connection to the server after the k-th message, for every k. It is then often unknown whether a change was committed. Still each event counts once.

import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { type EventStore, isIndelibleError, startSystem } from 'indelible'
import { memorySnapshots, memoryStore } from 'indelible/memory'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { draws, hours, long, seed } from '../../../scripts/campaign.ts'
import { postgresTables } from '../src/server/index.ts'
import { type CuttingProxy, cuttingProxy } from './cutting-proxy.ts'
import { jarSystem, someEvents } from './jars.ts'
import { checkTable } from './support.ts'

let server: PostgresServer
let proxy: CuttingProxy
beforeAll(async () => {
  server = await startPostgresServer()
  proxy = await cuttingProxy(server.connectionString)
})
afterAll(async () => {
  await proxy?.close()
  await server?.remove()
})

/** `npm test` tests every k-th message, starting at a random one. */
const stride = long ? 1 : 29
const names = long ? jarSystem().projections.map(({ name }) => name) : ['flows']

test.each(names)('after a cut at any message, each event counts once in %s', hours, async (name) => {
  const next = draws()
  const messages = await run(name, 'uncut', Number.POSITIVE_INFINITY)
  const cuts = new Map<string, number>()
  for (let k = 1 + next(stride); k <= messages; k += stride) {
    await run(name, `${name}_${k}`, k)
    if (proxy.cut) cuts.set(proxy.cut, 1 + (cuts.get(proxy.cut) ?? 0))
  }
  const total = [...cuts.values()].reduce((sum, count) => sum + count, 0)
  const kinds = [...cuts].sort().map(([kind, count]) => `${kind} ${count}`)
  console.log(`cut connections: ${name}, ${messages} messages, ${total} cuts (${kinds.join(', ')}), seed ${seed}`)
  expect(total).toBeGreaterThan(messages / stride / 2)
})

/** Projects some commits and rebuilds the table, over a connection that is cut after k messages. Returns the number of messages. */
async function run(name: string, schema: string, k: number): Promise<number> {
  const draw = draws()
  const store = memoryStore()
  const system = jarSystem()
  const projections = system.projections.filter((each) => each.name === name)
  proxy.arm(k)
  const tables = await postgresTables({ connectionString: proxy.connectionString, schema, max: 1 })
  const running = startSystem({ ...system, projections }, { store, tables, snapshots: memorySnapshots() })
  const append = async () => {
    const outcome = await store.append({ events: someEvents(draw) })
    if (outcome.status !== 'written') throw new Error(outcome.status)
    return outcome.lastPosition
  }
  try {
    for (let commit = 0; commit < 3; commit++) await running.waitFor({ name }, await append(), { timeoutMs: 20_000 })
    await rebuilt()
    const last = await append()
    await running.waitFor({ name }, last, { timeoutMs: 20_000 })
    const messages = proxy.passed
    // The checkpoint may stay before events at the end that do not concern the table.
    const concerned = await lastOf(store, projections[0]!.events)
    await retried(async () => {
      const position = await checkTable(tables, store, projections[0]!)
      expect(position).toBeGreaterThanOrEqual(concerned)
      expect(position).toBeLessThanOrEqual(last)
    })
    return messages
  } finally {
    await running.close()
  }

  async function rebuilt(): Promise<void> {
    await retried(() => running.rebuild({ name }))
  }
}

async function lastOf(store: EventStore, events: readonly { readonly type: string }[]): Promise<number> {
  const query = [{ types: events.map(({ type }) => type) }]
  const [batch] = await Array.fromAsync(store.read(query, { direction: 'backwards', limit: 1 }))
  return batch!.events[0]!.position
}

/** Again, this time with a connection that is cut during the rebuild. */
async function retried(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isIndelibleError(error, 'tables_unavailable')) throw error
    await work()
  }
}
