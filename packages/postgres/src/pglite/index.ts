// Read tables in PGlite, which runs in a thread of this process.
export { type PgliteOptions, type PgliteTables, pgliteDatabase, pgliteTables, pgliteTablesAt } from './pglite.ts'
