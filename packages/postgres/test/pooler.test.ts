// A pooler in transaction mode between us and the database: each transaction may run in another session. Skipped where pgbouncer is not installed.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { eventStoreContract, readTablesContract } from 'indelible/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { skippedBecause } from '../../../scripts/skips.ts'
import type { SqlDatabase } from '../src/database/index.ts'
import { postgresStore } from '../src/index.ts'
import { postgresDatabase } from '../src/server/index.ts'
import { freshTables } from './contract-tables.ts'

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find(existsSync)
const pgbouncerMissing = program ? undefined : 'pgbouncer is not installed'
/** The sessions of the pooler. The clients have more connections than that. */
const sessions = 3

describe.skipIf(pgbouncerMissing)(`through a pooler in transaction mode${skippedBecause(pgbouncerMissing)}`, () => {
  let server: PostgresServer
  let options: { connectionString: string; directConnectionString: string }
  let endPooler: () => Promise<unknown>
  let database: SqlDatabase
  let fresh: ReturnType<typeof freshTables>
  beforeAll(async () => {
    server = await startPostgresServer()
    const { connectionString, end } = await startPooler(server.connectionString)
    options = { connectionString, directConnectionString: server.connectionString }
    endPooler = end
    database = await postgresDatabase(options)
    fresh = freshTables(database)
  })
  afterAll(async () => {
    await database?.close()
    await endPooler?.()
    await server?.remove()
  })

  let logs = 0
  test.each(eventStoreContract)('an event store: $name', async ({ run }) => {
    const store = await postgresStore({ ...options, log: `log-${++logs}` })
    await run(store).finally(() => store.close())
  })

  test.each(readTablesContract)('read tables: $name', async ({ run }) => {
    await run(fresh())
  })

  test('followers are woken by a connection that does not go through it', async () => {
    const store = await postgresStore({ ...options, log: 'followed' })
    onTestFinished(() => store.close())
    const over = new AbortController()
    const following = store.subscribe('all', { after: 0, signal: over.signal })[Symbol.asyncIterator]()
    const next = following.next()
    const listening = `SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND client_addr IS NOT NULL`
    while ((await database.query(listening)).length === 0) await pause(20)
    await store.append({ events: [{ stream: 'jar-1', type: 'Filled', data: {} }] })
    expect((await next).value).toMatchObject({ through: 1 })
    over.abort()
  })
})

async function startPooler(server: string): Promise<{ connectionString: string; end(): Promise<unknown> }> {
  const { hostname, port, username, password } = new URL(server)
  const dir = mkdtempSync(join(tmpdir(), 'indelible-pooler-'))
  const settings = `[databases]
postgres = host=${hostname} port=${port} user=${username} password=${password}
[pgbouncer]
pool_mode = transaction
default_pool_size = ${sessions}
listen_addr =
listen_port = 6432
unix_socket_dir = ${dir}
unix_socket_mode = 0777
auth_type = any
idle_transaction_timeout = 3`
  writeFileSync(join(dir, 'pgbouncer.ini'), settings)
  // It refuses to run as root.
  const isRoot = process.getuid?.() === 0
  if (isRoot) execFileSync('chown', ['-R', 'postgres', dir])
  const user = isRoot ? ['-u', 'postgres'] : []
  const child = spawn(program!, [...user, join(dir, 'pgbouncer.ini')], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exit = once(child, 'exit')
  let log = ''
  child.stderr.on('data', (data) => {
    log += data
  })
  while (!existsSync(join(dir, '.s.PGSQL.6432'))) {
    if (child.exitCode !== null) throw new Error(`pgbouncer did not start:\n${log}`)
    await pause(10)
  }
  return {
    connectionString: `postgres://${username}@${encodeURIComponent(dir)}:6432/postgres`,
    async end() {
      child.kill('SIGTERM')
      await exit
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
