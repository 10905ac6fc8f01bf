// The server restarts while many clients append and one follows: appends wait for it, and each event is there once, also without command ids.
import { setTimeout as pause } from 'node:timers/promises'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { type EventStore, isIndelibleError } from 'indelible'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hours, long } from '../../../scripts/campaign.ts'
import { postgresStore } from '../src/log/index.ts'
import { started } from './support.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer({ postgresFlags: [] })
})
afterAll(async () => await server?.remove())

const clients = 16
const restarts = long ? 20 : 2

test('while the server restarts, appends wait, and each is written once', hours, async () => {
  const store = await postgresStore({ connectionString: server.connectionString, log: 'restarts' })
  let isOver = false
  const stop = new AbortController()
  const positions = new Map<string, number>()
  const appending = Array.from({ length: clients }, async (_, client) => {
    for (let n = 0; !isOver; n++) {
      const event = { stream: `client-${client}`, type: 'Counted', data: { id: `${client}:${n}` } } as const
      const outcome = await store.append({ events: [event], expected: { [event.stream]: n } })
      if (outcome.status !== 'written') throw new Error(`${event.data.id}: ${JSON.stringify(outcome)}`)
      positions.set(event.data.id, outcome.firstPosition)
    }
  })
  const following = follow(store, stop.signal)
  for (let restart = 0; restart < restarts; restart++) {
    await pause(500)
    await server.stop()
    await pause(300)
    await started(server)
  }
  await pause(300)
  isOver = true
  await Promise.all(appending)
  const { position: head } = await store.head()
  const events = (await Array.fromAsync(store.read('all'))).flatMap(({ events }) => events)
  expect(events.map(({ position }) => position)).toEqual(Array.from({ length: head }, (_, index) => index + 1))
  expect(new Map(events.map(({ data, position }) => [(data as { id: string }).id, position]))).toEqual(positions)
  expect(events).toHaveLength(positions.size)
  while ((following.seen.at(-1) ?? 0) < head) await pause(20)
  expect(following.seen).toEqual(events.map(({ position }) => position))
  stop.abort()
  await following.ended
  const { canWrite, refusedAppends } = await store.health()
  expect({ canWrite, refusedAppends }).toEqual({ canWrite: true, refusedAppends: {} })
  await store.close()
})

/** Follows from where it was when the database goes away, as consumers do. */
function follow(store: EventStore, signal: AbortSignal): { readonly seen: number[]; readonly ended: Promise<void> } {
  const seen: number[] = []
  const run = async () => {
    while (!signal.aborted) {
      try {
        for await (const { events } of store.subscribe('all', { after: seen.at(-1) ?? 0, signal }))
          seen.push(...events.map(({ position }) => position))
      } catch (error) {
        if (!isIndelibleError(error, 'io_failed')) throw error
        await pause(50)
      }
    }
  }
  return { seen, ended: run() }
}
