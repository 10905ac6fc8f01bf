// Cuts the connection of a store to its database after the k-th message, for every k. It is then often unknown whether a batch was committed. Still each commit
// is written once, and its outcome says where, with and without a command id.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import type { AppendOutcome, Commit, EventStore, RecordedEvent, StreamName } from 'indelible'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { draws, hours, long, seed } from '../../../scripts/campaign.ts'
import { postgresStore } from '../src/log/index.ts'
import { type CuttingProxy, cuttingProxy } from './cutting-proxy.ts'

let server: PostgresServer
let proxy: CuttingProxy
let direct: EventStore
beforeAll(async () => {
  server = await startPostgresServer()
  proxy = await cuttingProxy(server.connectionString)
  direct = await postgresStore({ connectionString: server.connectionString })
})
afterAll(async () => {
  await direct?.close()
  await proxy?.close()
  await server?.remove()
})

/** `npm test` tests every k-th message, starting at a random one. */
const stride = long ? 1 : 7

test('after a cut at any message of an append, each commit is written once', hours, async () => {
  const messages = await run('uncut', Number.POSITIVE_INFINITY)
  const cuts = new Map<string, number>()
  for (let k = 1 + draws()(stride); k <= messages; k += stride) {
    await run(`cut-${k}`, k)
    if (proxy.cut) cuts.set(proxy.cut, 1 + (cuts.get(proxy.cut) ?? 0))
  }
  const total = [...cuts.values()].reduce((sum, count) => sum + count, 0)
  const kinds = [...cuts].sort().map(([kind, count]) => `${kind} ${count}`)
  console.log(`cut appends: ${messages} messages, ${total} cuts (${kinds.join(', ')}), seed ${seed}`)
  expect(total).toBeGreaterThan(messages / stride / 2)
})

/** Appends over a connection that is cut after k messages. Returns the number of messages. */
async function run(log: string, k: number): Promise<number> {
  proxy.arm(k)
  const open = () => postgresStore({ connectionString: proxy.connectionString, log, max: 2 })
  // The connection may be cut while the store is opened, which is told at once.
  const store = await open().catch((error) => {
    expect(error).toMatchObject({ code: 'io_failed' })
    return open()
  })
  const given = new Map<number, Commit>()
  const outcomes = new Map<number, AppendOutcome>()
  let count = 0
  const append = async (streams: readonly StreamName[], others: Partial<Commit> = {}) => {
    const n = ++count
    const commit: Commit = { events: streams.map((stream) => ({ stream, type: 'Happened', data: { n } })), ...others }
    given.set(n, commit)
    outcomes.set(n, await store.append(commit))
  }
  await append(['a-1'], { commandId: 'c-1' })
  await append(['a-1', 'b-1'], { expected: { 'a-1': 1 } })
  await append(['a-1'])
  await Promise.all([
    append(['a-1'], { expected: { 'a-1': 3 }, commandId: 'c-2' }),
    append(['a-2', 'a-2'], { expected: { 'a-2': 'none' } }),
    append(['a-2'], { expected: { 'a-2': 'none' } }),
    append(['b-1'], { commandId: 'c-2' }),
    append(['b-2'], { condition: { failIfEventsMatch: [{ streams: ['a-1'] }] } }),
    append(['b-3'], { condition: { failIfEventsMatch: [{ streams: ['x-1'] }] } }),
  ])
  await append(['a-1'], { commandId: 'c-1' })
  const { passed } = proxy
  await store.close()

  const there = await postgresStore({ connectionString: server.connectionString, log })
  const events = (await Array.fromAsync(there.read('all'))).flatMap(({ events }) => events)
  await there.close()
  expect([...given.keys()].map((n) => outcomes.get(n)!.status)).toEqual([
    ...[
      'written',
      'written',
      'written',
      'written',
      'written',
      'conflict',
      'duplicate',
      'conflict',
      'written',
      'duplicate',
    ],
  ])
  expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1))
  for (const [n, outcome] of outcomes)
    expectWhere(events, { n, outcome, streams: given.get(n)!.events.map(({ stream }) => stream) })
  return passed
}

/** The events of a commit are where its outcome says, and nowhere else. */
function expectWhere(
  events: readonly RecordedEvent[],
  { n, outcome, streams }: { n: number; outcome: AppendOutcome; streams: readonly StreamName[] },
): void {
  const own = events.filter(({ data }) => (data as { n: number }).n === n)
  if (outcome.status !== 'written') {
    expect(own).toEqual([])
    return
  }
  expect(own.map(({ stream }) => stream)).toEqual(streams)
  expect([own[0]!.position, own.at(-1)!.position]).toEqual([outcome.firstPosition, outcome.lastPosition])
  expect({ ...outcome.versions }).toEqual(Object.fromEntries(own.map(({ stream, version }) => [stream, version])))
  expect(new Set(own.map(({ recordedAt }) => recordedAt))).toEqual(new Set([outcome.recordedAt]))
}
