// The read tables: the port of Indelible on top of a database.
export { type SqlReadTables, sqlReadTables } from './tables.ts'
