// Fresh read tables for every case of the contract over one running database: each gets a schema of its own.
import type { SqlDatabase } from '../src/database/index.ts'
import { type SqlReadTables, sqlReadTables } from '../src/tables/index.ts'

export function freshTables(database: SqlDatabase): () => SqlReadTables {
  let made = 0
  const kept: SqlDatabase = { ...database, close: async () => {} }
  return () => {
    made++
    return sqlReadTables(kept, { schema: `Case "${made}"` })
  }
}
