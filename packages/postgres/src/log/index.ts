// The event store in Postgres.
export { type PostgresStoreOptions, postgresStore } from './event-store.ts'
export { type InstallPostgresLogOptions, installPostgresLog, postgresLogSql } from './install.ts'
