import { describe, test } from 'vitest'
import { readTablesContract } from '../testing/contract/read-tables.ts'
import { memoryTables } from './read-tables.ts'

describe('the read tables in memory keep the contract', () => {
  test.each(readTablesContract)('$name', async ({ run }) => {
    const tables = memoryTables()
    await run(tables).finally(() => tables.close())
  })
})
