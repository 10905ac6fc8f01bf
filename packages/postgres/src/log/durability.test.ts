// What an acknowledgement survives is what the server is configured for, and it is said.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import type { EventStore } from 'indelible'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresStoreOptions, postgresStore } from './event-store.ts'

let server: PostgresServer
let admin: pg.Client
beforeAll(async () => {
  server = await startPostgresServer({ postgresFlags: [] })
  admin = new pg.Client(server.connectionString)
  await admin.connect()
})
afterAll(async () => {
  await admin?.end()
  await server?.remove()
})

const event = { stream: 'thing-1', type: 'Happened', data: {} } as const
const open = (options: Partial<PostgresStoreOptions> = {}) =>
  postgresStore({ connectionString: server.connectionString, ...options })
const set = async (settings: Record<string, string>) => {
  for (const [name, value] of Object.entries(settings)) await admin.query(`ALTER SYSTEM SET ${name} = '${value}'`)
  await admin.query('SELECT pg_reload_conf()')
  await expect
    .poll(async () => (await admin.query('SELECT current_setting($1) AS now', [Object.keys(settings)[0]])).rows[0].now)
    .toBe(Object.values(settings)[0])
}
const said = async (options: Partial<PostgresStoreOptions> = {}) => {
  const store = await open(options)
  const { durability } = await store.health()
  await store.close()
  return durability
}

test('a server as it comes keeps what its machine can keep, and refuses to promise more', async () => {
  expect(await said()).toBe('machine')
  await expect(open({ durability: 'two-machines' })).rejects.toMatchObject({
    code: 'durability_missing',
    message: expect.stringContaining('synchronous_standby_names = ""'),
  })
})

test('a store asks for more than is usual on a server, if the server can do it', async () => {
  // Whatever is not flushed by a commit stays so for seconds.
  await set({ synchronous_commit: 'off', wal_writer_delay: '10s' })
  expect(await said()).toBe('process')
  const [safe, fast] = [await open({ durability: 'machine' }), await open()]
  const lsn = async (which: 'insert' | 'flush') =>
    (await admin.query(`SELECT pg_current_wal_${which}_lsn() - '0/0' AS lsn`)).rows[0].lsn as string
  const isFlushed = async (store: EventStore) => {
    const before = await lsn('insert')
    await store.append({ events: [event] })
    return BigInt(await lsn('flush')) > BigInt(before)
  }
  for (let n = 0; n < 5; n++) expect(await isFlushed(safe)).toBe(true)
  await isFlushed(fast)
  expect(await isFlushed(fast)).toBe(false)
  expect(await safe.health()).toMatchObject({ durability: 'machine', canWrite: true })
  await Promise.all([safe.close(), fast.close()])
  await set({ synchronous_commit: 'on', wal_writer_delay: '200ms' })
})

test('with fsync off an acknowledgement survives a process, which an operator should mend', async () => {
  await set({ full_page_writes: 'off' })
  const store = await open()
  expect(await store.health()).toMatchObject({
    durability: 'process',
    concerns: expect.arrayContaining([expect.objectContaining({ remedy: 'Switch fsync and full_page_writes on.' })]),
  })
  await store.close()
  await expect(open({ durability: 'machine' })).rejects.toMatchObject({ code: 'durability_missing' })
  await set({ full_page_writes: 'on' })
})

test('a server that keeps less than before is found out by the next append, and told', async () => {
  await set({ synchronous_standby_names: 'nobody' })
  const store = await open({ durability: 'two-machines', outageMsMax: 300 })
  expect((await store.health()).durability).toBe('two-machines')
  await set({ synchronous_standby_names: '' })
  await expect(store.append({ events: [event] })).rejects.toMatchObject({ code: 'durability_missing', retryable: true })
  expect(await store.health()).toMatchObject({
    canWrite: false,
    error: { code: 'durability_missing' },
    refusedAppends: { durability_missing: 1 },
  })
  const other = await open()
  await other.append({ events: [event] })
  expect((await other.health()).durability).toBe('machine')
  await Promise.all([store.close(), other.close()])
})
