// A connection string of several servers, of which one takes writes.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { postgresDatabase } from '../src/server/index.ts'

let servers: PostgresServer[] = []
beforeAll(async () => {
  servers = await Promise.all([startPostgresServer(), startPostgresServer()])
})
afterAll(() => Promise.all(servers.map((server) => server.remove())))

const setReadOnly = async (server: PostgresServer, isOn: boolean) => {
  const database = await postgresDatabase({ connectionString: server.connectionString })
  await database.query(`ALTER SYSTEM SET default_transaction_read_only = ${isOn ? 'on' : 'off'}`)
  await database.query('SELECT pg_reload_conf()')
  await database.close()
}
const hostOf = ({ connectionString }: PostgresServer) => new URL(connectionString).host
const ofBoth = (end = '') => `postgres://postgres:postgres@${servers.map(hostOf).join(',')}/postgres${end}`

async function opened(end = '') {
  const database = await postgresDatabase({ connectionString: ofBoth(end), max: 2 })
  onTestFinished(() => database.close())
  const port = async () => {
    const [row] = await database.query('SELECT current_setting($1) AS port', ['port'])
    return Number(row!.port)
  }
  return { ...database, port }
}

test('a connection goes to the server that takes writes, wherever it stands in the string', async () => {
  for (const [standby, primary] of [servers, servers.toReversed()] as [PostgresServer, PostgresServer][]) {
    await setReadOnly(standby, true)
    const { port } = await opened('?target_session_attrs=read-write')
    expect(await port()).toBe(Number(new URL(primary.connectionString).port))
    await setReadOnly(standby, false)
  }
})

test('a connection whose server answers no more is given up once another one takes writes', async () => {
  const [first, second] = servers as [PostgresServer, PostgresServer]
  await setReadOnly(second, true)
  const { query } = await opened()
  // Waits for as long as the server likes, as one does for a machine that is gone.
  const waiting = query('SELECT pg_sleep(600)')
  waiting.catch(() => {})
  await setReadOnly(first, true)
  await setReadOnly(second, false)
  await expect(waiting).rejects.toThrow('is not the primary any more')
  await setReadOnly(first, false)
})

test('if none takes writes, the error names each and why', async () => {
  for (const server of servers) await setReadOnly(server, true)
  const { port } = await opened()
  const refusal = (server: PostgresServer) => `${hostOf(server)}: It takes no writes: default_transaction_read_only.`
  await expect(port()).rejects.toThrow(`None of the servers takes writes. ${servers.map(refusal).join('; ')}`)
  for (const server of servers) await setReadOnly(server, false)
})

test('of several servers none can be had for reading only', async () => {
  await expect(opened('?target_session_attrs=standby')).rejects.toMatchObject({ code: 'invalid_declaration' })
})
