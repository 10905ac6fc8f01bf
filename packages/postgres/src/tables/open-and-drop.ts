// Creates and drops tables, in one transaction with their records.
//
// A writer always locks the table before its record, to prevent deadlocks. `saveChange` does so too: Postgres locks the tables of a statement before it runs it.
import { IndelibleError, type TableDefinition, type TableState } from 'indelible'
import { historyTableName } from 'indelible/adapter'
import type { Query } from '../database/index.ts'
import { createHistory, createIndexes, createTable, quoteName, recordsTable } from '../sql/index.ts'
import { createRecords, stateOf } from './records.ts'

/** The time in milliseconds, and a random part for tables of the same millisecond. */
const newGeneration = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint * 1000 + floor(random() * 1000)::bigint'

/** Creates the table if it does not exist, and before that the schema and its table of records. */
export async function openTable(query: Query, schema: string, table: TableDefinition): Promise<TableState> {
  const { name, fingerprint, code } = table
  const records = quoteName(schema, recordsTable)
  // Everyone else who makes tables in this schema waits for the end of this transaction.
  await query('SELECT pg_advisory_xact_lock(hashtext($1))', [records])
  if (!(await exists(query, 'to_regnamespace', quoteName(schema)))) await query(`CREATE SCHEMA ${quoteName(schema)}`)
  if (!(await exists(query, 'to_regclass', records))) await query(createRecords(schema))
  const state = await stateOf(query, schema, name)
  if (state) return state
  if (await exists(query, 'to_regclass', quoteName(schema, name))) throw await nameTaken(query, schema, name)
  await query(createTable(schema, table))
  for (const statement of createIndexes(schema, table)) await query(statement)
  if (table.history) {
    const history = historyTableName(name)
    if (await exists(query, 'to_regclass', quoteName(schema, history))) throw await nameTaken(query, schema, history)
    for (const statement of createHistory(schema, table)) await query(statement)
  }
  // If a user dropped the table, its record still exists. Its pause and its lease belong to the projection, not to the rows, and remain.
  await query(
    `INSERT INTO ${records} (name, fingerprint, code, position, history, generation, has_history) VALUES ($1, $2, $3, 0, '', ${newGeneration}, $4)
     ON CONFLICT (name) DO UPDATE
     SET fingerprint = excluded.fingerprint, code = excluded.code, position = 0, history = '', generation = excluded.generation, has_history = excluded.has_history, is_diverged = false, updated_at = now(), parked = NULL`,
    [name, fingerprint, code, table.history ?? false],
  )
  return (await stateOf(query, schema, name))!
}

/** Drops the table only if it has a record, so only if it is a read table. */
export async function dropTable(query: Query, schema: string, name: string): Promise<void> {
  const records = quoteName(schema, recordsTable)
  if (!(await exists(query, 'to_regclass', records))) return
  const [record] = await query(`SELECT has_history FROM ${records} WHERE name = $1`, [name])
  if (!record) return
  if (record.has_history) await query(`DROP TABLE IF EXISTS ${quoteName(schema, historyTableName(name))}`)
  await query(`DROP TABLE IF EXISTS ${quoteName(schema, name)}`)
  await query(`DELETE FROM ${records} WHERE name = $1`, [name])
}

/** Calls a function of Postgres that returns NULL for a name that does not exist. */
export async function exists(query: Query, find: 'to_regclass' | 'to_regnamespace', name: string): Promise<boolean> {
  const [found] = await query(`SELECT ${find}($1) IS NOT NULL AS "exists"`, [name])
  return found!.exists as boolean
}

/** The fault if another object has the name of a read table: a view, an index, or a table whose data may exist nowhere else. */
export async function nameTaken(query: Query, schema: string, name: string): Promise<IndelibleError> {
  const [found] = await query(`SELECT pg_describe_object('pg_class'::regclass, to_regclass($1), 0) AS owner`, [
    quoteName(schema, name),
  ])
  return new IndelibleError(
    'invalid_declaration',
    `"${name}" cannot be a read table: in schema "${schema}" it is the name of ${found!.owner}, which is not a read table. ` +
      'Give the projection another name, or use another schema.',
  )
}
