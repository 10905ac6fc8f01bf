// Read tables in Postgres: rows and checkpoint of a projection change in one statement, so a crash leaves both as they were or both as they should be.
import { IndelibleError, type ReadTables, type Row, type TableDefinition, type TableState } from 'indelible'
import { canonicalKey, canonicalRow, canonicalSelect } from 'indelible/adapter'
import type { Query, SqlDatabase, SqlRow, Work } from './database.ts'
import { ofCaller, queryFault, sqlState, tablesFault } from './faults.ts'
import { fillTable } from './fill.ts'
import { dropTable, openTable } from './layout.ts'
import { stateOf, tableRecords } from './records.ts'
import { replaceTable } from './replace.ts'
import { loadRows, quoted, type Statement, saveChange, selectRows } from './sql.ts'
import { pieceCharsMax, rowsOf, sqlTypes } from './types.ts'

/**
 * Read tables that can also be asked in SQL.
 *
 * When the connection breaks while a change is being committed, the call throws `tables_unavailable` and nobody knows yet whether it happened:
 * `open` the table again and go on from its state.
 */
export interface SqlReadTables extends ReadTables {
  /** SQL of your own, in a transaction that can read only: rows are written by their projection and nobody else. Errors in it come as they are. */
  query<Row extends SqlRow = SqlRow>(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>
}

/** The rows that `scan` asks for at a time: these at first, and then as many as fit into a piece if they are like those before. */
const scanRowsFirst = 100
const scanRowsMax = 5_000

export function sqlReadTables(database: SqlDatabase, { schema }: { schema: string }): SqlReadTables {
  const records = tableRecords(database, schema)
  let closing: Promise<void> | undefined

  const use = async <Result>(name: string | undefined, work: () => Promise<Result>, fault = tablesFault) => {
    if (closing) throw new IndelibleError('tables_unavailable', 'The read tables were closed.')
    return await work().catch((error) => {
      throw fault(error, name)
    })
  }
  const transaction = <Result>(name: string, work: Work<Result>) => use(name, () => database.transaction(work))

  return {
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
    async save({ table, generation = null, upserts, removals, from, to }) {
      const statements = saveChange(schema, {
        table,
        generation,
        upserts: upserts.map((row) => canonicalRow(table, row)),
        removals: removals.map((key) => canonicalKey(table, key)),
        from,
        to,
      })
      return await use(table.name, async () => {
        const isSaved = await allSaved(database, statements).catch(async (error) => {
          // Other code may have put a table with other columns here, which is another way of being too late.
          const state = layoutStates.test(sqlState(error) ?? '') && (await stateOf(database.query, schema, table.name))
          if (state && (state.fingerprint !== table.fingerprint || state.position !== from)) return false
          throw error
        })
        return isSaved ? 'saved' : 'superseded'
      })
    },
    fill: (table, rows, to, { generation } = {}) =>
      transaction(table.name, (query, copy) => fillTable({ query, copy, schema }, { table, rows, to, generation })),
    async select(table, options = {}) {
      const statement = selectRows(schema, table, canonicalSelect(table, options))
      return await use(table.name, async () => (await readPage(database.query, table, statement)).rows)
    },
    scan: (table, visit) =>
      use(table.name, () =>
        database.transaction((query) => scanTable(query, schema, { table, visit }), { isSnapshot: true }),
      ),
    replace: (live, next, options = {}) =>
      transaction(live.name, (query) => replaceTable(query, schema, { live, next, ...options })),
    drop: (name) => transaction(name, (query) => dropTable(query, schema, name)),
    list: () => use(undefined, records.list),
    async lease(name, options) {
      return (await use(name, () => records.lease(name, options))) ?? notOpened(name)
    },
    release: (name, holder) => use(name, () => records.release(name, holder)),
    setPaused: (name, isPaused) => use(name, () => records.setPaused(name, isPaused)),
    async setDiverged(name, { generation }) {
      await use(name, () => records.setDiverged(name, generation))
    },
    async setParked(name, parked) {
      if (!(await use(name, () => records.setParked(name, parked)))) notOpened(name)
    },
    async query<Row extends SqlRow>(sql: string, params: readonly unknown[] = []) {
      const read = () => database.transaction((query) => query(sql, params), { isReadOnly: true })
      return (await use(undefined, read, queryFault)) as readonly Row[]
    },
    async close() {
      closing ??= database.close().catch((error) => {
        throw tablesFault(error)
      })
      await closing
    },
  }
}

/** A statement alone is a transaction of its own, which spares the database two more. */
async function allSaved(database: SqlDatabase, statements: Generator<Statement>): Promise<boolean> {
  const save = async (query: Query, { sql, params }: Statement) => (await query(sql, params)).length === 1
  const [first, second] = [statements.next().value, statements.next().value]
  if (!second) return await save(database.query, first)
  return await database.transaction(async (query) => {
    if (!(await save(query, first))) return false
    await save(query, second)
    for (const statement of statements) await save(query, statement)
    return true
  })
}

/** The lock comes first: the snapshot is taken after it, and the table that has this name cannot be exchanged until the end. */
async function scanTable(
  query: Query,
  schema: string,
  { table, visit }: { table: TableDefinition; visit: (rows: readonly Row[]) => void },
): Promise<TableState> {
  await query(`LOCK TABLE ${quoted(schema, table.name)} IN ACCESS SHARE MODE`)
  const state = (await stateOf(query, schema, table.name)) ?? notOpened(table.name)
  for (let after: Row | undefined, limit = scanRowsFirst; ; ) {
    const { rows, chars } = await readPage(query, table, selectRows(schema, table, { where: {}, after, limit }))
    if (rows.length > 0) ofCaller(() => visit(rows))
    if (rows.length < limit) return state
    after = rows.at(-1)
    limit = Math.min(scanRowsMax, Math.ceil((pieceCharsMax * rows.length) / chars))
  }
}

/** A page of rows, and the characters that they came in. */
async function readPage(
  query: Query,
  table: TableDefinition,
  { sql, params }: Statement,
): Promise<{ rows: readonly Row[]; chars: number }> {
  const [page] = await query(sql, params)
  const types = page!.types as readonly string[]
  for (const [at, [column, { type }]] of Object.entries(table.columns).entries()) {
    if (types[at] === sqlTypes[type].name) continue
    const message = `Column "${column}" of read table "${table.name}" is ${types[at]}, not ${sqlTypes[type].name}: other code filled it, build it anew.`
    throw new IndelibleError('table_outdated', message)
  }
  const arrays = types.map((_, at) => page![`c${at}`] as string)
  return { rows: rowsOf(table, arrays), chars: arrays.reduce((sum, { length }) => sum + length, 0) }
}

/** Undefined, ambiguous or of another type, and whatever else does not fit the table that is there. */
const layoutStates = /^42/

function notOpened(name: string): never {
  throw new IndelibleError('tables_unavailable', `Read table "${name}" is not there: open it first.`)
}
