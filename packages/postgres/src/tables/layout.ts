// Tables are made and taken away, each in one transaction together with what is known of them.
//
// Whoever writes a table locks it before its record, as `saveChange` does too (Postgres locks the tables of a statement before it runs it).
import { IndelibleError, type TableDefinition, type TableState } from 'indelible'
import type { Query } from '../database/index.ts'
import { createIndexes, createTable, quoted, recordsTable } from '../sql/index.ts'
import { createRecords, stateOf } from './records.ts'

/** The time in milliseconds, and something that tells tables of the same millisecond apart. */
const newGeneration = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint * 1000 + floor(random() * 1000)::bigint'

/** Creates the table where there is none, and the schema and its records with the first. */
export async function openTable(query: Query, schema: string, table: TableDefinition): Promise<TableState> {
  const { name, fingerprint, code } = table
  const records = quoted(schema, recordsTable)
  // Everyone else who makes tables in this schema waits for the end of this transaction.
  await query('SELECT pg_advisory_xact_lock(hashtext($1))', [records])
  if (!(await exists(query, 'to_regnamespace', quoted(schema)))) await query(`CREATE SCHEMA ${quoted(schema)}`)
  if (!(await exists(query, 'to_regclass', records))) await query(createRecords(schema))
  const state = await stateOf(query, schema, name)
  if (state) return state
  if (await exists(query, 'to_regclass', quoted(schema, name))) throw await notOurs(query, schema, name)
  await query(createTable(schema, table))
  for (const statement of createIndexes(schema, table)) await query(statement)
  // Where somebody dropped the table itself there is a record. Whether the projection is paused, and who runs it, are not of the rows.
  await query(
    `INSERT INTO ${records} (name, fingerprint, code, position, history, generation) VALUES ($1, $2, $3, 0, '', ${newGeneration})
     ON CONFLICT (name) DO UPDATE
     SET fingerprint = excluded.fingerprint, code = excluded.code, position = 0, history = '', generation = excluded.generation, is_diverged = false, updated_at = now(), parked = NULL`,
    [name, fingerprint, code],
  )
  return (await stateOf(query, schema, name))!
}

/** Only a table that we made, and have a record of. */
export async function dropTable(query: Query, schema: string, name: string): Promise<void> {
  const records = quoted(schema, recordsTable)
  if (!(await exists(query, 'to_regclass', records))) return
  const [record] = await query(`SELECT name FROM ${records} WHERE name = $1`, [name])
  if (!record) return
  await query(`DROP TABLE IF EXISTS ${quoted(schema, name)}`)
  await query(`DELETE FROM ${records} WHERE name = $1`, [name])
}

/** By the functions of Postgres that give NULL for a name that is not there. */
export async function exists(query: Query, find: 'to_regclass' | 'to_regnamespace', name: string): Promise<boolean> {
  const [found] = await query(`SELECT ${find}($1) IS NOT NULL AS "exists"`, [name])
  return found!.exists as boolean
}

/** Something else has the name of a read table: a table that may hold what nobody can make again, a view, an index. */
export async function notOurs(query: Query, schema: string, name: string): Promise<IndelibleError> {
  const [found] = await query(`SELECT pg_describe_object('pg_class'::regclass, to_regclass($1), 0) AS owner`, [
    quoted(schema, name),
  ])
  return new IndelibleError(
    'invalid_declaration',
    `"${name}" cannot be a read table: in schema "${schema}" that is the name of ${found!.owner}, which is none of ours. ` +
      'Name the projection otherwise, or use another schema.',
  )
}
