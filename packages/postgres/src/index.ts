// `@indelible/postgres`: event logs on a Postgres server; read tables in Postgres, on a server or embedded (PGlite).
export type { SqlRow } from './database/index.ts'
export {
  type InstallPostgresLogOptions,
  installPostgresLog,
  type PostgresCopyOptions,
  type PostgresStoreOptions,
  postgresCopySource,
  postgresCopyTarget,
  postgresLogSql,
  postgresStore,
} from './log/index.ts'
export { type PgliteOptions, type PgliteTables, pgliteTables, pgliteTablesAt } from './pglite/index.ts'
export { type PostgresOptions, postgresTables } from './server/index.ts'
export { type PostgresStorageOptions, postgresStorage } from './storage.ts'
export type { SqlReadTables } from './tables/index.ts'
