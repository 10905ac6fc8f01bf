// Replay columns in Postgres: what is folded from them is what the log has, whoever made them, and whatever becomes of them.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import fc from 'fast-check'
import type { Commit, EventStore, Position } from 'indelible'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { long } from '../../../../../scripts/campaign.ts'
import { commit } from '../../../../core/test/store-draws.ts'
import { postgresStore } from '../event-store.ts'
import { installSql } from '../schema/install.ts'

const stretchEvents = 50
let server: PostgresServer
let admin: pg.Client
beforeAll(async () => {
  server = await startPostgresServer()
  admin = new pg.Client(server.connectionString)
  await admin.connect()
  await admin.query(installSql('indelible', { stretchEvents }))
})
afterAll(async () => {
  await admin?.end()
  await server?.remove()
})

const open = async (log: string) => {
  const store = await postgresStore({ connectionString: server.connectionString, log })
  onTestFinished(() => store.close())
  return store
}

async function replayed(store: EventStore, types: readonly string[], after: Position, to?: Position) {
  const events: unknown[] = []
  for await (const batch of store.replay(types, { after, ...(to !== undefined && { to }) }))
    for (let index = 0; index < batch.length; index++) {
      const event = batch.event(index)
      expect([event.type, event.streamId]).toEqual([types[batch.types[index]!], batch.streamId(batch.streams[index]!)])
      if (batch.schemaVersion !== undefined) expect(event.schemaVersion).toBe(batch.schemaVersion)
      events.push(fieldsOf(event))
    }
  return events
}

async function read(store: EventStore, types: readonly string[], after: Position, to?: Position) {
  const range = { from: after + 1, ...(to !== undefined && { to }) }
  const batches = await Array.fromAsync(store.read([{ types }], range))
  return batches.flatMap(({ events }) => events.map(fieldsOf))
}

/** With the bytes as they are in the log. */
function fieldsOf(event: Parameters<typeof JSON.stringify>[0] & { dataBytes: Uint8Array; metadataBytes: Uint8Array }) {
  const bytes = [event.dataBytes, event.metadataBytes].map((each) => Buffer.from(each).toString('latin1'))
  return { shown: JSON.stringify(event), bytes }
}

const kept = async (log: string) => {
  const { rows } = await admin.query(
    `SELECT stretch, columns IS NOT NULL AS has FROM indelible.columns WHERE log = (SELECT id FROM indelible.logs WHERE name = $1) ORDER BY 1`,
    [log],
  )
  return rows as { stretch: number; has: boolean }[]
}

test('drawn histories are the same from columns as from the log, by whole and by part', {
  timeout: 60 * 60_000,
}, async () => {
  let logs = 0
  let made = 0
  const types = ['Opened', 'Moved', 'Größe', '$T', '$U']
  const drawn = fc.asyncProperty(
    fc.array(commit, { minLength: 40, maxLength: 90 }),
    fc.nat(200),
    fc.nat(200),
    fc.subarray(types, { minLength: 1 }),
    async (commits, after, length, some) => {
      const name = `drawn-${++logs}`
      const store = await open(name)
      for (const each of commits as unknown as Commit[]) await store.append({ events: each.events }, { reserved: true })
      for (const _ of [1, 2]) {
        expect(await replayed(store, types, 0)).toEqual(await read(store, types, 0))
        expect(await replayed(store, some, after, after + length)).toEqual(
          await read(store, some, after, after + length),
        )
      }
      made += (await kept(name)).filter(({ has }) => has).length
      await store.close()
    },
  )
  await fc.assert(drawn, { numRuns: long ? 2_000 : 25 })
  expect(made).toBeGreaterThan(25)
})

test('payloads in another form than JSON.stringify writes keep their bytes', async () => {
  const store = await open('forms')
  const forms = [
    '{ "a" : 1 }',
    '{"a":1.0}',
    '{"a":1e2}',
    '[ ]',
    '"\\u0061"',
    '{"b":1,"a":2,"b":3}',
    '-0',
    'no json',
    '{}',
    '',
  ]
  const bytes = (text: string) => new TextEncoder().encode(text)
  for (let n = 0; n < 2 * stretchEvents; n++) {
    const form = forms[n % forms.length]!
    const metadata =
      n % 3 === 0 ? {} : n % 3 === 1 ? { metadata: bytes(n % 2 ? '{}' : '{ "actor": "ann" }') } : { metadata: { n } }
    const contentType =
      n % 7 === 0 || form === '' || form === 'no json' ? 'application/octet-stream' : 'application/json'
    await store.append({ events: [{ stream: 'thing-1', type: 'Formed', data: bytes(form), contentType, ...metadata }] })
  }
  const dump = async () => {
    const found: string[][] = []
    for await (const batch of store.replay(['Formed'], { after: 0 }))
      for (let index = 0; index < batch.length; index++) {
        const event = batch.event(index)
        found.push([event.dataBytes, event.metadataBytes].map((each) => Buffer.from(each).toString('latin1')))
      }
    return found
  }
  const expected = (await Array.fromAsync(store.read([{ types: ['Formed'] }]))).flatMap(({ events }) =>
    events.map((event) => [event.dataBytes, event.metadataBytes].map((each) => Buffer.from(each).toString('latin1'))),
  )
  expect(await dump()).toEqual(expected)
  expect(await kept('forms')).toEqual([0, 1].map((stretch) => ({ stretch, has: true })))
  expect(await dump()).toEqual(expected)
})

test('a handler that changes the data of an event changes its bytes nowhere', async () => {
  const store = await open('changed')
  for (let n = 0; n < stretchEvents; n++)
    await store.append({ events: [{ stream: `thing-${n % 3}`, type: 'Counted', data: { n } }] })
  for (const _ of [1, 2])
    for await (const batch of store.replay(['Counted'], { after: 0 }))
      for (let index = 0; index < batch.length; index++) {
        const event = batch.event(index)
        ;(event.data as { n: number }).n = -1
        expect(Buffer.from(event.dataBytes).toString()).toBe(`{"n":${index}}`)
      }
})

test('columns that were damaged, are of another history or are gone are not believed', async () => {
  const store = await open('damaged')
  const types = ['Counted']
  for (let n = 0; n < 3 * stretchEvents; n++)
    await store.append({ events: [{ stream: `thing-${n % 7}`, type: 'Counted', data: { n, text: `text ${n % 5}` } }] })
  const expected = await read(store, types, 0)
  expect(await replayed(store, types, 0)).toEqual(expected)
  const ofLog = `log = (SELECT id FROM indelible.logs WHERE name = 'damaged')`
  const { rows } = await admin.query(
    `SELECT length(columns) AS bytes FROM indelible.columns WHERE ${ofLog} AND stretch = 1`,
  )
  const { bytes } = rows[0] as { bytes: number }
  for (let at = 0; at < bytes; at += Math.ceil(bytes / 40)) {
    await admin.query(
      `UPDATE indelible.columns SET columns = set_byte(columns, $1, get_byte(columns, $1) # 255) WHERE ${ofLog} AND stretch = 1`,
      [at],
    )
    // The first replay makes them again, the second one reads them.
    for (const _ of [1, 2]) expect(await replayed(store, types, 0)).toEqual(expected)
  }
  await admin.query(
    `UPDATE indelible.columns SET columns = (SELECT columns FROM indelible.columns WHERE ${ofLog} AND stretch = 0) WHERE ${ofLog} AND stretch = 1`,
  )
  expect(await replayed(store, types, 0)).toEqual(expected)
  await admin.query('TRUNCATE indelible.columns')
  expect(await replayed(store, types, 0)).toEqual(expected)
  expect((await kept('damaged')).length).toBe(3)
})

test('a part of a stretch, and rare types, make no columns', async () => {
  const store = await open('parts')
  for (let n = 0; n < 2 * stretchEvents + 10; n++)
    await store.append({ events: [{ stream: 'thing-1', type: n % 10 === 0 ? 'Rare' : 'Counted', data: { n } }] })
  await replayed(store, ['Rare'], 0)
  await replayed(store, ['Counted'], 1, stretchEvents)
  expect(await kept('parts')).toEqual([])
  await replayed(store, ['Counted'], 1, 2 * stretchEvents)
  expect(await kept('parts')).toEqual([{ stretch: 1, has: true }])
})
