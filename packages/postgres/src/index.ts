// `@indelible/postgres`: read tables in Postgres, on a server or embedded.
export type { SqlRow } from './database/database.ts'
export { type PgliteOptions, type PgliteTables, pgliteTables, pgliteTablesAt } from './pglite/pglite.ts'
export { type PostgresOptions, postgresTables } from './server/postgres.ts'
export type { SqlReadTables } from './tables/tables.ts'
