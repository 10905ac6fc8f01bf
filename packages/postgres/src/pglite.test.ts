import { readTablesContract } from 'indelible/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { SqlDatabase } from './database.ts'
import { pgliteDatabase } from './pglite.ts'
import { freshTables } from './testing/contract-tables.ts'

describe('PGlite in memory keeps the contract of read tables', () => {
  let database: SqlDatabase
  let fresh: ReturnType<typeof freshTables>
  beforeAll(async () => {
    database = await pgliteDatabase()
    fresh = freshTables(database)
  })
  afterAll(async () => await database.close())

  test.each(readTablesContract)('$name', async ({ run }) => {
    const tables = fresh()
    await run(tables).finally(() => tables.close())
  })
})
