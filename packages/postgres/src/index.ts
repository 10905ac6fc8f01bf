// `@indelible/postgres`: read tables in Postgres, on a server or embedded.
export type { SqlRow } from './database.ts'
export { type PgliteOptions, type PgliteTables, pgliteTables, pgliteTablesAt } from './pglite.ts'
export { type PostgresOptions, postgresTables } from './postgres.ts'
export type { SqlReadTables } from './tables.ts'
