import { readTablesContract } from 'indelible/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { SqlDatabase } from './database.ts'
import { postgresDatabase } from './postgres.ts'
import { freshTables } from './testing/contract-tables.ts'
import { type PostgresServer, startPostgresServer } from './testing/index.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

describe('a Postgres server keeps the contract of read tables', () => {
  let database: SqlDatabase
  let fresh: ReturnType<typeof freshTables>
  beforeAll(async () => {
    database = await postgresDatabase({ connectionString: server.connectionString })
    fresh = freshTables(database)
  })
  afterAll(async () => await database?.close())

  test.each(readTablesContract)('$name', async ({ run }) => {
    const tables = fresh()
    await run(tables).finally(() => tables.close())
  })
})
