// What is kept beside the events of a log in Postgres: records of consumers, leases, snapshots, proofs.
export { type KeptDatabase, type KeptDatabaseOptions, keptDatabase } from './database.ts'
export { postgresLeases } from './leases.ts'
export { postgresProofs } from './proof-files.ts'
export { postgresConsumers } from './records.ts'
export { postgresSnapshots } from './snapshots.ts'
