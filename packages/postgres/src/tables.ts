// Read tables in Postgres: rows and checkpoint of a projection change in one statement, so a crash leaves both as they were or both as they should be.
import { IndelibleError, type Position, type ReadTables, type TableDefinition } from 'indelible'
import { keptKey, keptRow, keptSelect } from 'indelible/adapter'
import type { Query, SqlDatabase, SqlRow } from './database.ts'
import { queryFault, tablesFault } from './faults.ts'
import {
  checkpointsTable,
  createCheckpoints,
  createTable,
  loadRows,
  quoted,
  readRow,
  saveChange,
  selectRows,
} from './sql.ts'

/**
 * Read tables that can also be asked in SQL.
 *
 * When the connection breaks while a change is being committed, `save` throws `tables_unavailable` and nobody knows yet whether it was saved:
 * read the checkpoint again and go on from there.
 */
export interface SqlReadTables extends ReadTables {
  /** SQL of your own, in a transaction that can read only: rows are written by their projection and nobody else. Errors in it come as they are. */
  query<Row extends SqlRow = SqlRow>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>
}

export function sqlReadTables(database: SqlDatabase, { schema }: { schema: string }): SqlReadTables {
  /** The fingerprint under which each table was last opened here. */
  const opened = new Map<string, string>()
  let closing: Promise<void> | undefined

  const use = async <Result>(work: () => Promise<Result>, fault: (error: unknown) => unknown = tablesFault) => {
    if (closing) throw new IndelibleError('tables_unavailable', 'The read tables were closed.')
    return await work().catch((error) => {
      throw fault(error)
    })
  }

  return {
    async open(table) {
      const { name, fingerprint } = table
      const position = await use(() =>
        database.transaction(async (query) => {
          const current = await currentTable(query, { schema, name })
          if (current?.fingerprint === fingerprint && current.exists) return current.position
          // Two versions of the code that run side by side must not take the table from each other for ever.
          if (current && opened.get(name) === fingerprint && current.fingerprint !== fingerprint) throw takenOver(name)
          await makeAnew(query, { schema, table })
          return 0
        }),
      )
      opened.set(name, fingerprint)
      return position
    },
    async load(table, keys) {
      const wanted = keys.map((key) => keptKey(table, key))
      const { sql, params } = loadRows(schema, table, wanted)
      const rows = await use(() => database.query(sql, params))
      return rows.map((row) => readRow(table, row))
    },
    async save({ table, upserts, removals, from, to }) {
      const { sql, params } = saveChange(schema, {
        table,
        upserts: upserts.map((row) => keptRow(table, row)),
        removals: removals.map((key) => keptKey(table, key)),
        from,
        to,
      })
      const saved = await use(() => database.query(sql, params))
      return saved.length === 1 ? 'saved' : 'superseded'
    },
    async select(table, options = {}) {
      const { sql, params } = selectRows(schema, table, keptSelect(table, options))
      const rows = await use(() => database.query(sql, params))
      return rows.map((row) => readRow(table, row))
    },
    async checkpoint({ name, fingerprint }) {
      const sql = `SELECT position FROM ${quoted(schema, checkpointsTable)} WHERE name = $1 AND fingerprint = $2`
      const [row] = await use(() => database.query(sql, [name, fingerprint]))
      if (row) return row.position as Position
      throw new IndelibleError('tables_unavailable', `Read table "${name}" was not opened, or made anew by other code.`)
    },
    async query<Row extends SqlRow>(sql: string, params: readonly unknown[] = []) {
      const read = () => database.transaction((query) => query(sql, params), { isReadOnly: true })
      return (await use(read, queryFault)) as readonly Row[]
    },
    async close() {
      closing ??= database.close().catch((error) => {
        throw tablesFault(error)
      })
      await closing
    },
  }
}

interface CurrentTable {
  readonly fingerprint: string
  readonly position: Position
  /** Someone may have dropped the table itself. */
  readonly exists: boolean
}

/** What there is, with everyone else who opens a table of this schema waiting for the end of this transaction. */
async function currentTable(
  query: Query,
  { schema, name }: { schema: string; name: string },
): Promise<CurrentTable | undefined> {
  if (name === checkpointsTable) throw new IndelibleError('invalid_declaration', `"${name}" holds the checkpoints.`)
  const checkpoints = quoted(schema, checkpointsTable)
  await query('SELECT pg_advisory_xact_lock(hashtext($1))', [checkpoints])
  const [there] = await query(
    'SELECT to_regnamespace($1) IS NULL AS no_schema, to_regclass($2) IS NULL AS no_checkpoints, to_regclass($3) IS NOT NULL AS exists',
    [quoted(schema), checkpoints, quoted(schema, name)],
  )
  const { no_schema, no_checkpoints, exists } = there as {
    no_schema: boolean
    no_checkpoints: boolean
    exists: boolean
  }
  if (no_schema) await query(`CREATE SCHEMA ${quoted(schema)}`)
  if (no_checkpoints) await query(createCheckpoints(schema))
  const [row] = await query(`SELECT fingerprint, position FROM ${checkpoints} WHERE name = $1`, [name])
  if (row) return { ...(row as { fingerprint: string; position: Position }), exists }
  if (exists) {
    // Not one of ours: it may hold what nobody can make again.
    const message = `Schema "${schema}" has a table "${name}" that is no read table: name the projection otherwise, or use another schema.`
    throw new IndelibleError('invalid_declaration', message)
  }
  return undefined
}

/** A read table may be dropped, since the log it was made from never is. */
async function makeAnew(query: Query, { schema, table }: { schema: string; table: TableDefinition }): Promise<void> {
  await query(`DROP TABLE IF EXISTS ${quoted(schema, table.name)}`)
  for (const statement of createTable(schema, table)) await query(statement)
  await query(
    `INSERT INTO ${quoted(schema, checkpointsTable)} (name, fingerprint, position) VALUES ($1, $2, 0)
     ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint, position = 0, updated_at = now()`,
    [table.name, table.fingerprint],
  )
}

function takenOver(name: string): IndelibleError {
  return new IndelibleError(
    'tables_unavailable',
    `Read table "${name}" was made anew by other code: stop this process.`,
  )
}
