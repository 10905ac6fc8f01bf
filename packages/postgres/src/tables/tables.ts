// Read tables in Postgres. The rows and the checkpoint of a projection change in one statement, so after a crash both are old or both are new.
import { IndelibleError, type ReadTables, type Row, type TableDefinition, type TableState } from 'indelible'
import { canonicalKey, canonicalRow, canonicalSelect, historyTable } from 'indelible/adapter'
import {
  type Query,
  runCallerCode,
  type SqlDatabase,
  type SqlRow,
  sqlState,
  toQueryError,
  toReadTablesError,
  type Work,
} from '../database/index.ts'
import {
  chunkCharsMax,
  loadRows,
  quoteName,
  rowsOf,
  type Statement,
  saveChange,
  saveVersions,
  selectRows,
  sqlTypes,
} from '../sql/index.ts'
import { bulkLoad } from './bulk-load.ts'
import { dropTable, openTable } from './open-and-drop.ts'
import { stateOf, tableRecords } from './records.ts'
import { replaceTable } from './replace.ts'

/**
 * Read tables that can also be queried in SQL.
 *
 * If the connection breaks during the commit of a change, the call throws `tables_unavailable`, and it is unknown whether the change was saved:
 * `open` the table again and continue from its state.
 */
export interface SqlReadTables extends ReadTables {
  /** The schema of the tables. */
  readonly schema: string
  /** Runs your own SQL in a read-only transaction, because only a projection writes its rows. Errors in the SQL reach you unchanged. */
  query<Row extends SqlRow = SqlRow>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>
}

/** The rows of a page of `scan`: the first page has this many; the next ones have as many as fit into a chunk, judged by the page before. */
const scanRowsFirst = 100
const scanRowsMax = 5_000

export function sqlReadTables(database: SqlDatabase, { schema }: { schema: string }): SqlReadTables {
  const records = tableRecords(database, schema)
  let closing: Promise<void> | undefined

  const use = async <Result>(name: string | undefined, work: () => Promise<Result>, fault = toReadTablesError) => {
    if (closing) throw new IndelibleError('tables_unavailable', 'The read tables were closed.')
    return await work().catch((error) => {
      throw fault(error, name)
    })
  }
  const transaction = <Result>(name: string, work: Work<Result>) => use(name, () => database.transaction(work))

  return {
    schema,
    open: (table) => transaction(table.name, (query) => openTable(query, schema, table)),
    async state({ name }) {
      return (await use(name, () => stateOf(database.query, schema, name))) ?? notOpened(name)
    },
    async load(table, keys) {
      const wanted = keys.map((key) => canonicalKey(table, key))
      return await use(table.name, async () => {
        const pages: (readonly Row[])[] = []
        for (const statement of loadRows(schema, table, wanted)) {
          pages.push((await readPage(database.query, table, statement)).rows)
        }
        return pages.flat()
      })
    },
    async save({ table, generation = null, upserts, removals, versions = [], from, to }) {
      const statements = saveChange(schema, {
        table,
        generation,
        upserts: upserts.map((row) => canonicalRow(table, row)),
        removals: removals.map((key) => canonicalKey(table, key)),
        from,
        to,
      })
      return await use(table.name, async () => {
        const isSaved = await allSaved(database, statements, saveVersions(schema, table, versions)).catch(
          async (error) => {
            // Other code may have replaced the table by one with other columns. Then this change is superseded too.
            const state =
              layoutStates.test(sqlState(error) ?? '') && (await stateOf(database.query, schema, table.name))
            if (state && (state.fingerprint !== table.fingerprint || state.position !== from)) return false
            throw error
          },
        )
        return isSaved ? 'saved' : 'superseded'
      })
    },
    bulkLoad: (table, rows, to, { generation } = {}) =>
      transaction(table.name, (query, copy) => bulkLoad({ query, copy, schema }, { table, rows, to, generation })),
    async select(table, options = {}, at) {
      const statement = selectRows(schema, table, canonicalSelect(table, options), at)
      return await use(table.name, async () => (await readPage(database.query, table, statement)).rows)
    },
    scan: (table, visit, { history = false } = {}) =>
      use(table.name, () =>
        database.transaction(
          (query) => scanTable(query, schema, { table: history ? historyTable(table) : table, of: table.name, visit }),
          { isSnapshot: true },
        ),
      ),
    replace: (live, staging, options = {}) =>
      transaction(live.name, (query) => replaceTable(query, schema, { live, staging, ...options })),
    drop: (name) => transaction(name, (query) => dropTable(query, schema, name)),
    list: () => use(undefined, records.list),
    async lease(name, options) {
      return (await use(name, () => records.lease(name, options))) ?? notOpened(name)
    },
    release: (name, holder) => use(name, () => records.release(name, holder)),
    setPaused: (name, isPaused) => use(name, () => records.setPaused(name, isPaused)),
    async setCode(name, code, { generation }) {
      await use(name, () => records.setCode(name, code, generation))
    },
    async setDiverged(name, { generation }) {
      await use(name, () => records.setDiverged(name, generation))
    },
    async setParked(name, parked) {
      if (!(await use(name, () => records.setParked(name, parked)))) notOpened(name)
    },
    async query<Row extends SqlRow>(sql: string, params: readonly unknown[] = []) {
      const read = () => database.transaction((query) => query(sql, params), { isReadOnly: true })
      return (await use(undefined, read, toQueryError)) as readonly Row[]
    },
    async close() {
      closing ??= database.close().catch((error) => {
        throw toReadTablesError(error)
      })
      await closing
    },
  }
}

/** A single statement is its own transaction, which saves two round trips. */
async function allSaved(
  database: SqlDatabase,
  rows: Generator<Statement>,
  versions: Generator<Statement>,
): Promise<boolean> {
  const run = (query: Query, { sql, params }: Statement) => query(sql, params)
  const first: Statement = rows.next().value
  const [second, version] = [rows.next().value, versions.next().value]
  if (!second && !version) return (await run(database.query, first)).length === 1
  return await database.transaction(async (query) => {
    if ((await run(query, first)).length !== 1) return false
    if (second) await run(query, second)
    for (const statement of rows) await run(query, statement)
    if (version) await run(query, version)
    for (const statement of versions) await run(query, statement)
    return true
  })
}

/** The lock comes first, so that the snapshot is taken after it, and the table cannot be replaced before the end. */
async function scanTable(
  query: Query,
  schema: string,
  { table, of, visit }: { table: TableDefinition; of: string; visit: (rows: readonly Row[]) => void },
): Promise<TableState> {
  await query(`LOCK TABLE ${quoteName(schema, table.name)} IN ACCESS SHARE MODE`)
  const byKey = canonicalSelect(table, {})
  const state = (await stateOf(query, schema, of)) ?? notOpened(of)
  for (let after: Row | undefined, limit = scanRowsFirst; ; ) {
    const { rows, chars } = await readPage(query, table, selectRows(schema, table, { ...byKey, after, limit }))
    if (rows.length > 0) runCallerCode(() => visit(rows))
    if (rows.length < limit) return state
    after = rows.at(-1)
    limit = Math.min(scanRowsMax, Math.ceil((chunkCharsMax * rows.length) / chars))
  }
}

/** Reads a page of rows, and counts the characters of its result. */
async function readPage(
  query: Query,
  table: TableDefinition,
  { sql, params }: Statement,
): Promise<{ rows: readonly Row[]; chars: number }> {
  const [page] = await query(sql, params)
  const types = page!.types as readonly string[]
  for (const [at, [column, { type }]] of Object.entries(table.columns).entries()) {
    if (types[at] === sqlTypes[type].name) continue
    const message = `Column "${column}" of read table "${table.name}" is ${types[at]}, not ${sqlTypes[type].name}: other code filled it. Rebuild it.`
    throw new IndelibleError('table_outdated', message)
  }
  const arrays = types.map((_, at) => page![`c${at}`] as string)
  return { rows: rowsOf(table, arrays), chars: arrays.reduce((sum, { length }) => sum + length, 0) }
}

/** Undefined, ambiguous or of another type: the statement does not fit the existing table. */
const layoutStates = /^42/

function notOpened(name: string): never {
  throw new IndelibleError('tables_unavailable', `Read table "${name}" does not exist: open it first.`)
}
