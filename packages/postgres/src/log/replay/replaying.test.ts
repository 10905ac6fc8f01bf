// Replays of logs whose events are of very different sizes and kinds, which come in stretches.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import type { EventStore, NewEvent } from 'indelible'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresStore } from '../event-store.ts'

let server: PostgresServer
let store: EventStore
beforeAll(async () => {
  server = await startPostgresServer()
  store = await postgresStore({ connectionString: server.connectionString })
})
afterAll(async () => {
  await store?.close()
  await server?.remove()
})

test('a replay of many small events, then some large ones, then rare ones, is what a read gives', async () => {
  const small = (n: number): NewEvent => ({
    stream: `small-${n % 70}`,
    type: n % 3 ? 'Moved' : 'Opened',
    data: { n },
    schemaVersion: 1 + (n % 2),
  })
  for (let from = 0; from < 15_000; from += 5_000)
    await store.append({ events: Array.from({ length: 5_000 }, (_, n) => small(from + n)) })
  // More than a replay takes at once.
  for (let n = 0; n < 5; n++) {
    const data = { n, text: 'ä'.repeat(1_900_000) }
    await store.append({
      events: [0, 1].map(() => ({ stream: 'large-1', type: 'Moved', data, tags: ['a', '"{b}\\,'] })),
    })
  }
  await store.append({
    events: [{ stream: 'rare-1', type: 'Rare', data: new Uint8Array([0, 255]), validAt: '1993-01-31' }],
  })
  for (const types of [['Moved', 'Opened', 'Rare'], ['Opened'], ['Rare']]) {
    const expected = (await Array.fromAsync(store.read([{ types }]))).flatMap(({ events }) =>
      events.map((event) => JSON.stringify(event)),
    )
    const replayed: string[] = []
    let through = 0
    for await (const batch of store.replay(types, { after: 0 })) {
      for (let at = 0; at < batch.length; at++) {
        const event = batch.event(at)
        expect([event.type, event.streamId]).toEqual([types[batch.types[at]!], batch.streamId(batch.streams[at]!)])
        if (batch.schemaVersion !== undefined) expect(event.schemaVersion).toBe(batch.schemaVersion)
        replayed.push(JSON.stringify(event))
      }
      ;({ through } = batch)
    }
    expect(replayed.length).toBe(expected.length)
    expect(replayed.every((text, index) => text === expected[index])).toBe(true)
    expect(through).toBe(15_011)
  }
})
