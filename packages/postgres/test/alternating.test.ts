// Two processes take turns at one aggregate: each hears what the other one appended, and decides on that, so that no append is in vain.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { aggregate, defineSystem, event, type Position, type SystemOptions, startSystem } from 'indelible'
import { memoryConsumers, memorySnapshots, memoryTables } from 'indelible/memory'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { postgresStore } from '../src/index.ts'

const Counted = event('Counted', z.object({ by: z.string() }))
const counter = aggregate('counter', { initialState: { count: 0 } }).on(Counted, ({ count }) => ({ count: count + 1 }))
const Count = counter.command('Count', {
  input: z.object({ by: z.string() }),
  emits: [Counted],
  decide: (_state, input) => Counted(input),
})
const system = defineSystem({ name: 'counters', commands: [Count] })

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

async function open(name: string) {
  const opened = await postgresStore({ connectionString: server.connectionString })
  const appends = { count: 0 }
  const store: SystemOptions['store'] = {
    ...opened,
    append: (...asked) => {
      appends.count++
      return opened.append(...asked)
    },
  }
  const running = startSystem(system, {
    store,
    tables: memoryTables(),
    snapshots: memorySnapshots(),
    consumers: memoryConsumers(),
  })
  const seen = async (position: Position) => {
    const signal = AbortSignal.timeout(20_000)
    for await (const { through } of store.subscribe('all', { after: position - 1, signal }))
      if (through >= position) return
  }
  return { name, running, appends, seen }
}

test('processes that take turns at one aggregate do not conflict', async () => {
  const [first, second] = [await open('first'), await open('second')]
  const count = async ({ running, name }: typeof first) => {
    const outcome = await running.send(Count('one', { by: name }))
    if (outcome.status !== 'accepted') throw new Error(outcome.status)
    return outcome.position
  }
  await second.seen(await count(first))
  await first.seen(await count(second))
  const before = first.appends.count + second.appends.count
  for (let turn = 0; turn < 20; turn++) {
    await second.seen(await count(first))
    await first.seen(await count(second))
  }
  expect(first.appends.count + second.appends.count - before).toBe(40)
  await Promise.all([first.running.close(), second.running.close()])
})
