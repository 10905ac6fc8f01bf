// The first law in the database itself, whatever code talks to it; and what the role of an application may do.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { eventStoreContract } from 'indelible/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresStore } from './event-store.ts'
import { installPostgresLog, postgresLogSql } from './install.ts'

let server: PostgresServer
let superuser: pg.Client
/** The same server as another role. */
const as = (role: string) => {
  const url = new URL(server.connectionString)
  url.username = role
  url.password = role
  return url.href
}
beforeAll(async () => {
  server = await startPostgresServer()
  superuser = new pg.Client(server.connectionString)
  await superuser.connect()
  for (const role of ['owner', 'app']) await superuser.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`)
  await superuser.query('GRANT CREATE ON DATABASE postgres TO owner')
  await installPostgresLog({ connectionString: as('owner'), role: 'app' })
})
afterAll(async () => {
  await superuser?.end()
  await server?.remove()
})

const event = { stream: 'thing-1', type: 'Happened', data: { n: 1 }, tags: ['a'] } as const
const changes = [
  'UPDATE indelible.events SET data = data',
  'DELETE FROM indelible.events',
  'TRUNCATE indelible.events',
  'UPDATE indelible.events_0 SET version = 7',
  'DELETE FROM indelible.events_0 WHERE position = 1',
  'TRUNCATE indelible.events_0',
  'DELETE FROM indelible.terms',
  'TRUNCATE indelible.terms_0',
  'MERGE INTO indelible.events e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE',
  'SET session_replication_role = replica; DELETE FROM indelible.events',
]

describe('events are never changed or deleted', () => {
  test.each(changes)('not by a superuser: %s', async (sql) => {
    const store = await postgresStore({ connectionString: as('app'), log: 'law' })
    await store.append({ events: [event] })
    const before = await Array.fromAsync(store.read('all'))
    await expect(superuser.query(sql)).rejects.toMatchObject({
      code: '23001',
      message: expect.stringContaining('never'),
    })
    await superuser.query('RESET session_replication_role')
    expect(JSON.stringify(await Array.fromAsync(store.read('all')))).toBe(JSON.stringify(before))
    await store.close()
  })

  test('not by the owner, and by an application not even in the tables beside the events', async () => {
    const [owner, app] = [new pg.Client(as('owner')), new pg.Client(as('app'))]
    await Promise.all([owner.connect(), app.connect()])
    for (const sql of changes.slice(0, 8)) await expect(owner.query(sql)).rejects.toMatchObject({ code: '23001' })
    const refused = [
      ...changes.slice(0, 8),
      'INSERT INTO indelible.events SELECT * FROM indelible.events',
      'UPDATE indelible.logs SET head = 0',
      'DELETE FROM indelible.streams',
      'UPDATE indelible.commands SET id = id',
      'UPDATE indelible.kinds SET events = 0',
      'DELETE FROM indelible.writers',
      'UPDATE indelible.layout SET version = 9',
      'DROP TABLE indelible.events_0',
      'DROP TRIGGER indelible ON indelible.events',
      'ALTER TABLE indelible.events DISABLE TRIGGER ALL',
      'CREATE TABLE indelible.mine (n int4)',
      "SELECT indelible.protect('logs')",
      'SELECT indelible.make_partition(1000000000000)',
      'SELECT indelible.make_partition(-10000000)',
    ]
    for (const sql of refused)
      await expect(app.query(sql), sql).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|22023)$/) })
    await Promise.all([owner.end(), app.end()])
  })

  test('not in a partition that was made later', async () => {
    await installPostgresLog({ connectionString: as('owner'), schema: 'small', partitionEvents: 10, role: 'app' })
    const store = await postgresStore({ connectionString: as('app'), schema: 'small' })
    for (let n = 0; n < 40; n++) await store.append({ events: [event, event] })
    expect((await store.head()).position).toBe(80)
    const { rows } = await superuser.query(
      "SELECT inhrelid::regclass::text AS part FROM pg_inherits WHERE inhparent = 'small.events'::regclass",
    )
    expect(rows.length).toBeGreaterThanOrEqual(8)
    for (const { part } of rows) {
      await expect(superuser.query(`DELETE FROM ${part}`)).rejects.toMatchObject({ code: '23001' })
      await expect(superuser.query(`TRUNCATE ${part}`)).rejects.toMatchObject({ code: '23001' })
    }
    const positions = (await Array.fromAsync(store.read([{ tags: ['a'] }]))).flatMap(({ events }) =>
      events.map(({ position }) => position),
    )
    expect(positions).toEqual(Array.from({ length: 80 }, (_, index) => index + 1))
    await store.close()
  })
})

describe('a store of a role that may only add keeps the contract', () => {
  let logs = 0
  test.each(eventStoreContract)('$name', async ({ run }) => {
    const store = await postgresStore({ connectionString: as('app'), log: `app-${++logs}` })
    await run(store).finally(() => store.close())
  })
})

test('health says when the role has more rights than it needs', async () => {
  const concernsAs = async (connectionString: string) => {
    const store = await postgresStore({ connectionString })
    const { concerns } = await store.health()
    await store.close()
    return concerns!.map(({ problem }) => problem).filter((problem) => problem.includes('role'))
  }
  expect(await concernsAs(as('app'))).toEqual([])
  expect(await concernsAs(as('owner'))).toEqual([
    expect.stringMatching(/"owner" .* has or can take the rights of "owner"/),
  ])
  expect(await concernsAs(server.connectionString)).toEqual([expect.stringContaining('is a superuser')])
  await superuser.query(
    `CREATE ROLE member LOGIN PASSWORD 'member' NOINHERIT; GRANT app TO member WITH INHERIT TRUE; GRANT owner TO member`,
  )
  expect(await concernsAs(as('member'))).toEqual([expect.stringMatching(/"member" .* can take the rights of "owner"/)])
  await superuser.query(`CREATE ROLE writing LOGIN PASSWORD 'writing'; GRANT app, pg_write_all_data TO writing`)
  expect(await concernsAs(as('writing'))).toEqual([
    expect.stringMatching(/"writing" .*: columns, commands, events, events_0, /),
  ])
})

test('what default privileges of the database give away is taken back, also in a partition that was made later', async () => {
  await superuser.query(`CREATE ROLE generous LOGIN PASSWORD 'generous'; GRANT CREATE ON DATABASE postgres TO generous`)
  for (const what of ['TABLES', 'SEQUENCES', 'FUNCTIONS'])
    await superuser.query(`ALTER DEFAULT PRIVILEGES FOR ROLE generous GRANT ALL ON ${what} TO app, PUBLIC`)
  const options = { schema: 'given', partitionEvents: 10 }
  await installPostgresLog({ connectionString: as('generous'), role: 'app', ...options })
  const store = await postgresStore({ connectionString: as('app'), schema: 'given' })
  for (let n = 0; n < 20; n++) await store.append({ events: [event] })
  expect((await store.health()).concerns!.filter(({ problem }) => problem.includes('role'))).toEqual([])
  await store.close()
  const app = new pg.Client(as('app'))
  await app.connect()
  for (const sql of [
    'INSERT INTO given.events SELECT * FROM given.events',
    'INSERT INTO given.events_1 SELECT * FROM given.events_1',
    'CREATE TRIGGER mine BEFORE INSERT ON given.events_1 FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    'UPDATE given.logs SET head = 0',
    `SELECT setval('given.stream_numbers', 1)`,
    'SELECT given.reopen_log(1)',
    'SELECT given.withdraw()',
  ])
    await expect(app.query(sql), sql).rejects.toMatchObject({ code: '42501' })
  await app.end()
})

test('a role that may make no schema is told what an administrator does, and then it works', async () => {
  const open = () => postgresStore({ connectionString: as('app'), schema: 'other' })
  await expect(open()).rejects.toMatchObject({
    code: 'store_missing',
    message: expect.stringMatching(/may not make .*installPostgresLog\(.*postgresLogSql\(/),
  })
  await superuser.query(postgresLogSql({ schema: 'other' }))
  await expect(open()).rejects.toMatchObject({
    code: 'store_missing',
    message: expect.stringContaining('may not use it'),
  })
  await installPostgresLog({ connectionString: server.connectionString, schema: 'other', role: 'app' })
  const store = await open()
  expect((await store.append({ events: [event] })).status).toBe('written')
  await store.close()
  await expect(installPostgresLog({ connectionString: as('owner'), schema: 'Two words' })).rejects.toMatchObject({
    code: 'invalid_declaration',
  })
})

test('processes that open a new schema at the same time make it once', async () => {
  const stores = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      postgresStore({ connectionString: as('owner'), schema: 'raced', application_name: `p${n}` }),
    ),
  )
  await Promise.all(stores.map((store) => store.append({ events: [event] })))
  expect((await stores[0]!.head()).position).toBe(8)
  expect(new Set(await Promise.all(stores.map((store) => store.historyAt(0)))).size).toBe(1)
  await Promise.all(stores.map((store) => store.close()))
})
