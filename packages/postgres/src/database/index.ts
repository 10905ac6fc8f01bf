// The port to one Postgres database, and what both drivers and the read tables share.
export {
  type Copy,
  inTransaction,
  type Query,
  type SqlDatabase,
  type SqlRow,
  type TransactionOptions,
  type Work,
} from './database.ts'
export { runCallerCode, sqlState, toQueryError, toReadTablesError } from './faults.ts'
export { gathered } from './gathered.ts'
export { loadPeer, missingPeer } from './peer.ts'
export {
  openPool,
  type PgClient,
  type PgConnection,
  type PgModule,
  type PgNotice,
  type PgPool,
  type PgQuery,
  type PgTypes,
  type PoolOptions,
} from './pool.ts'
export { settlesWithin } from './settles-within.ts'
