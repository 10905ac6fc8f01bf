import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { stagingTable } from 'indelible/adapter'
import { readTablesContract } from 'indelible/testing'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { freshTables } from '../../test/contract-tables.ts'
import { accountRows, accounts, at, endOf, runScript } from '../../test/samples.ts'
import type { SqlDatabase } from '../database/index.ts'
import { type SqlReadTables, sqlReadTables } from '../tables/index.ts'
import { postgresDatabase, postgresTables } from './postgres.ts'

let server: PostgresServer
let database: SqlDatabase
beforeAll(async () => {
  server = await startPostgresServer()
  database = await postgresDatabase({ connectionString: server.connectionString })
})
afterAll(async () => {
  await database?.close()
  await server?.remove()
})

describe('a Postgres server keeps the contract of read tables', () => {
  let fresh: ReturnType<typeof freshTables>
  beforeAll(() => {
    fresh = freshTables(database)
  })

  test.each(readTablesContract)('$name', async ({ run }) => {
    const tables = fresh()
    await run(tables).finally(() => tables.close())
  })
})

describe('a Postgres server', () => {
  let tables: SqlReadTables
  const openTables = async (schema: string, options: Record<string, unknown> = {}) => {
    tables = await postgresTables({ connectionString: server.connectionString, schema, ...options })
    return tables
  }
  const change = { table: accounts, upserts: accountRows(3, 1), removals: [], from: 0, to: at(1) }
  afterEach(async () => await tables?.close())

  test('that stops makes calls fail as retryable; they work again when it is back', async () => {
    await openTables('restarted')
    await tables.open(accounts)
    await tables.save(change)
    const underWay = expect(tables.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: 'tables_unavailable' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await server.stop()
    await underWay
    const unavailable = { code: 'tables_unavailable', retryable: true, message: expect.stringMatching(/ECONNREFUSED/) }
    await expect(tables.state(accounts)).rejects.toMatchObject(unavailable)
    await expect(tables.open(accounts)).rejects.toMatchObject(unavailable)
    await expect(tables.save({ ...change, from: 1, to: at(2) })).rejects.toMatchObject(unavailable)
    await server.start()
    expect((await tables.open(accounts)).position).toBe(1)
    expect(await tables.save({ ...change, from: 1, to: at(2) })).toBe('saved')
    expect(await tables.select(accounts)).toEqual(change.upserts)
  })

  test('that stops answering delays closing only up to the limit, and calls in progress fail', async () => {
    const silent = createServer()
    const sockets: Socket[] = []
    silent.on('connection', (socket) => {
      const { port } = new URL(server.connectionString)
      const upstream = connect(Number(port), '127.0.0.1')
      sockets.push(socket, upstream)
      socket.on('data', (chunk) => !chunk.includes('pg_sleep') && upstream.write(chunk))
      upstream.on('data', (chunk) => socket.write(chunk))
      for (const each of [socket, upstream]) each.on('error', () => {})
    })
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const url = new URL(server.connectionString)
    url.port = String((silent.address() as AddressInfo).port)
    const silenced = await postgresTables({ connectionString: url.href, schema: 'silent', closeMsMax: 200 })
    await silenced.open(accounts)
    const underWay = expect(silenced.query('SELECT pg_sleep(0)')).rejects.toMatchObject({ code: 'tables_unavailable' })
    await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(0))
    await silenced.close()
    await underWay
    for (const socket of sockets) socket.destroy()
    silent.close()
  })

  test('that cuts a connection during a change has written all of it or nothing', async () => {
    await openTables('cut', { application_name: 'to be cut' })
    await tables.open(accounts)
    const observer = sqlReadTables(database, { schema: 'cut' })
    let [from, cut] = [0, 0]
    for (let attempt = 0; attempt < 20; attempt++) {
      const saving = tables.save({
        table: accounts,
        upserts: accountRows(20_000, from + 1),
        removals: [],
        from,
        to: at(from + 1),
      })
      const outcome = saving.catch((error) => error.code)
      await new Promise((resolve) => setTimeout(resolve, attempt * 4))
      await cutConnections('to be cut')
      cut += (await outcome) === 'tables_unavailable' ? 1 : 0
      expect(['saved', 'tables_unavailable']).toContain(await outcome)
      from = (await observer.state(accounts)).position
      const balances = await observer.query('SELECT balance, count(*) FROM cut.accounts GROUP BY balance')
      expect(balances).toEqual(from === 0 ? [] : [{ balance: from, count: 20_000 }])
    }
    expect(cut).toBeGreaterThan(2)
  })

  test('that cuts a connection while a table is replaced leaves everything unchanged', async () => {
    await openTables('renewed', { application_name: 'to be renewed' })
    await tables.open(accounts)
    await tables.save(change)
    await tables.open(stagingTable(accounts))
    await tables.bulkLoad(stagingTable(accounts), [], at(2))
    await database.transaction(async (query) => {
      await query('SELECT * FROM renewed.accounts')
      const replacing = tables.replace(accounts, stagingTable(accounts)).catch((error) => error.code)
      await new Promise((resolve) => setTimeout(resolve, 100))
      await cutConnections('to be renewed')
      expect(await replacing).toBe('tables_unavailable')
    })
    expect((await tables.list()).map(({ name, position }) => [name, position])).toEqual([
      ['accounts', 1],
      ['accounts__staging', 2],
    ])
    expect(await tables.select(accounts)).toEqual(change.upserts)
  })

  test('that cuts a connection while a table is filled has all of its rows or none', async () => {
    await openTables('filled', { application_name: 'to be filled' })
    const observer = sqlReadTables(database, { schema: 'filled' })
    const outcomes = new Set<string>()
    for (let attempt = 0; attempt < 15; attempt++) {
      await observer.drop(accounts.name)
      await observer.open(accounts)
      const filling = tables.bulkLoad(accounts, accountRows(30_000, 1), at(9)).catch((error) => error.code)
      await new Promise((resolve) => setTimeout(resolve, attempt * 15))
      if (attempt < 14) await cutConnections('to be filled')
      outcomes.add(await filling)
      const { position } = await observer.state(accounts)
      const [found] = await observer.query('SELECT count(*) FROM filled.accounts')
      expect(found).toEqual({ count: position === 9 ? 30_000 : 0 })
    }
    expect([...outcomes].toSorted()).toEqual(['saved', 'tables_unavailable'])
  })

  test('with a long read of a table refuses the replacement for now, and no other reader waits', async () => {
    await openTables('busy')
    await tables.open(accounts)
    await tables.open(stagingTable(accounts))
    await database.transaction(async (query) => {
      await query('SELECT * FROM busy.accounts')
      const replacing = tables.replace(accounts, stagingTable(accounts)).catch((error) => error)
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(await tables.select(accounts)).toEqual([])
      expect(await replacing).toMatchObject({
        code: 'tables_unavailable',
        message: expect.stringMatching(/cannot be replaced now/),
      })
    })
    expect(await tables.replace(accounts, stagingTable(accounts))).toBe('replaced')
  })

  test('that cuts new connections immediately does not end the process', async () => {
    class Client extends pg.Client {
      constructor(options: pg.ClientConfig) {
        super(options)
        const connect = this.connect.bind(this) as (done: (error?: Error) => void) => void
        const andCut = (done: (error?: Error) => void) =>
          connect((error) => {
            done(error)
            this.emit('error', new Error('cut'))
          })
        Object.assign(this, { connect: andCut })
      }
    }
    await openTables('cut_at_once', { Client })
    expect((await tables.open(accounts)).position).toBe(0)
  })

  test('that drops idle connections causes no errors', async () => {
    await openTables('idle', { application_name: 'idle' })
    await tables.open(accounts)
    await cutConnections('idle')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await tables.state(accounts)).position).toBe(0)
  })

  test('that answers too late loses that connection, and no other call waits for it', async () => {
    await openTables('late', { max: 1, query_timeout: 1_000 })
    await tables.open(accounts)
    await expect(tables.query('SELECT pg_sleep(30)')).rejects.toMatchObject({ code: 'tables_unavailable' })
    expect((await tables.state(accounts)).position).toBe(0)
  })

  test('that was never reachable is reported as unavailable', async () => {
    tables = await postgresTables({ connectionString: 'postgres://nobody:secret@localhost:9/none' })
    const refused = tables.open(accounts).catch((error) => error)
    expect(await refused).toMatchObject({ code: 'tables_unavailable', message: expect.stringMatching(/ECONNREFUSED/) })
    expect((await refused).message).not.toContain('secret')
  })

  test('that refuses a connection is reported with its reason', async () => {
    const at = (change: (url: URL) => void) => {
      const url = new URL(server.connectionString)
      change(url)
      return { connectionString: url.href }
    }
    for (const [options, why] of [
      [at((url) => (url.password = 'wrong')), /refused: password authentication failed/],
      [at((url) => (url.pathname = '/nope')), /refused: database "nope" does not exist/],
    ] as const) {
      await openTables('refused', options)
      const refused = { code: 'tables_unavailable', retryable: true, message: expect.stringMatching(why) }
      await expect(tables.open(accounts)).rejects.toMatchObject(refused)
      await tables.close()
    }
    await database.query('CREATE ROLE single LOGIN PASSWORD $$p$$ CONNECTION LIMIT 0')
    await openTables(
      'refused',
      at((url) => ([url.username, url.password] = ['single', 'p'])),
    )
    await expect(tables.open(accounts)).rejects.toThrow(/refused: too many connections/)
  })

  test('works with any settings', async () => {
    const options =
      '-c DateStyle=German,DMY -c TimeZone=Asia/Kolkata -c IntervalStyle=iso_8601 -c extra_float_digits=-15'
    const odd = await postgresDatabase({ connectionString: server.connectionString, options })
    const roundTrips = readTablesContract.filter(({ name }) => /comes? back|page/.test(name))
    expect(roundTrips.length).toBeGreaterThan(4)
    for (const [index, { run }] of roundTrips.entries())
      await run(sqlReadTables({ ...odd, close: async () => {} }, { schema: `odd ${index}` }))
    await odd.close()
  })

  test('does not keep a process alive that has nothing more to do', async () => {
    const script = `import { postgresTables } from '@indelible/postgres'
      const tables = await postgresTables({ connectionString: '${server.connectionString}' })
      console.log(await tables.query('SELECT 1 AS one'))`
    expect(await endOf(runScript(script))).toEqual({ output: '[ { one: 1 } ]\n', code: 0 })
  })

  async function cutConnections(name: string): Promise<void> {
    await database.query('SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = $1', [
      name,
    ])
  }
})
