// Read tables on a Postgres server.
export { type PostgresOptions, postgresDatabase, postgresTables } from './postgres.ts'
