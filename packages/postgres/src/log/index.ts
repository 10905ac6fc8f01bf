// The event store in Postgres.
export { type PostgresCopyOptions, postgresCopySource, postgresCopyTarget } from './copying.ts'
export { type PostgresStoreOptions, postgresStore } from './event-store.ts'
export { type InstallPostgresLogOptions, installPostgresLog, postgresLogSql } from './install.ts'
