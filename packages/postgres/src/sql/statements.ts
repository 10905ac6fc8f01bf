// Pure functions that write the SQL for the rows of read tables. Names are quoted, values are parameters.
import type { ColumnType, Row, TableChange, TableDefinition } from 'indelible'
import { arrayLiterals, sqlTypes } from './types.ts'

export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
}

/** The table with one record for each read table of its schema. A projection cannot have this name. */
export const recordsTable = 'indelible_projections'

export function quoteName(...names: readonly string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.')
}

export function list(names: readonly string[], prefix = ''): string {
  return names.map((name) => prefix + quoteName(name)).join(', ')
}

/**
 * Half of a page stays free for new versions of its rows, because such an update does not change the indexes (a heap-only tuple). Updates are then two
 * to three times as fast, and neither the table nor its indexes grow.
 */
const fillFactor = 50

export function createTable(schema: string, { name, columns }: TableDefinition): string {
  const definitions = Object.entries(columns).map(
    ([column, { type, isNullable }]) =>
      `${quoteName(column)} ${sqlTypes[type].declared}${collation(type)}${isNullable ? '' : ' NOT NULL'}`,
  )
  return `CREATE TABLE ${quoteName(schema, name)} (${definitions.join(', ')}) WITH (fillfactor = ${fillFactor})`
}

/** Text is in the order of its code points on every server, independent of its locale. The indexes of columns that are declared so serve that order. */
export function collation(type: ColumnType): string {
  return type === 'text' ? ' COLLATE "C"' : ''
}

/** The primary key and the indexes, one statement each. Postgres chooses names that are free. */
export function createIndexes(schema: string, { name, columns, key }: TableDefinition): readonly string[] {
  const table = quoteName(schema, name)
  const indexed = Object.entries(columns).filter(([, { isIndexed }]) => isIndexed)
  return [
    `ALTER TABLE ${table} ADD PRIMARY KEY (${list(key)})`,
    ...indexed.map(
      ([column, { type }]) => `CREATE INDEX ON ${table} ${type === 'json' ? 'USING gin ' : ''}(${quoteName(column)})`,
    ),
  ]
}

/** One statement for each chunk of keys, usually one. Without keys there is one too, which fails if the table does not exist. */
export function* loadRows(schema: string, table: TableDefinition, keys: readonly Row[]): Generator<Statement> {
  const { name, key } = table
  const given = unnested(table, key, 1)
  const sql = page(schema, table, {
    from: `SELECT * FROM ${quoteName(schema, name)} AS t WHERE (${list(key, 't.')}) IN (SELECT * FROM ${given})`,
  })
  if (keys.length === 0) yield { sql, params: key.map(() => '{}') }
  for (const params of arrayLiterals(table, key, keys)) yield { sql, params }
}

/**
 * The statement returns one row with a JSON array for each column, which is by far the fastest way through both drivers. It also returns the types of
 * the columns, because other code may have filled the table.
 */
export function page(schema: string, { name, columns }: TableDefinition, { from }: { from: string }): string {
  const types = Object.keys(columns).map(
    (column) => `pg_typeof((NULL::${quoteName(schema, name)}).${quoteName(column)})::text`,
  )
  const values = Object.entries(columns).map(
    ([column, { type }], at) =>
      `coalesce(json_agg(${sqlTypes[type].read(`t.${quoteName(column)}`)})::text, '[]') AS c${at}`,
  )
  return `SELECT ARRAY[${types.join(', ')}] AS types, ${values.join(', ')} FROM (${from}) AS t`
}

type Change = Omit<TableChange, 'generation'> & { readonly generation: number | null }

/** One statement for each chunk of rows, usually one. They belong in one transaction: the first moves the checkpoint, the others expect the new one. */
export function* saveChange(schema: string, change: Change): Generator<Statement> {
  const { table, upserts, removals, to } = change
  const given = arrayLiterals(table, Object.keys(table.columns), upserts)
  const gone = arrayLiterals(table, table.key, removals)
  for (let { from } = change, isFirst = true; ; from = to.position, isFirst = false) {
    const chunk = { upserts: given.next().value, removals: gone.next().value }
    if (!isFirst && !chunk.upserts && !chunk.removals) return
    yield saveChunk(schema, { ...change, from, ...chunk })
  }
}

/**
 * The statement returns a row if the change was saved. The first writer that updates the checkpoint holds its row lock; a second writer waits, and then
 * finds no checkpoint to update. So there is one writer at a time, and updates and inserts can be separate, which is faster than ON CONFLICT.
 */
function saveChunk(
  schema: string,
  {
    table,
    upserts,
    removals,
    from,
    to,
    generation,
  }: Omit<Change, 'upserts' | 'removals'> & { upserts: Literals; removals: Literals },
): Statement {
  const { name, fingerprint, columns, key } = table
  const target = quoteName(schema, name)
  const all = Object.keys(columns)
  const others = all.filter((column) => !key.includes(column))
  const params: unknown[] = [to.position, to.history, name, fingerprint, from, generation]
  const given = (names: readonly string[], literals: readonly string[]) => {
    const first = params.length + 1
    params.push(...literals)
    return unnested(table, names, first)
  }
  const isSame = key.map((column) => `t.${quoteName(column)} = r.${quoteName(column)}`).join(' AND ')
  const parts = [
    `fence AS (
      UPDATE ${quoteName(schema, recordsTable)} SET position = $1, history = $2, updated_at = now()
      WHERE name = $3 AND fingerprint = $4 AND position = $5 AND generation = coalesce($6, generation) AND NOT is_diverged
      RETURNING name
    )`,
  ]
  if (removals) {
    parts.push(`removed AS (
      DELETE FROM ${target} AS t WHERE EXISTS (SELECT FROM fence) AND (${list(key, 't.')}) IN (SELECT * FROM ${given(key, removals)})
    )`)
  }
  if (upserts) {
    parts.push(`given AS (SELECT * FROM ${given(all, upserts)} WHERE EXISTS (SELECT FROM fence))`)
    parts.push(`added AS (
      INSERT INTO ${target} (${list(all)})
      SELECT ${list(all)} FROM given AS r WHERE NOT EXISTS (SELECT FROM ${target} AS t WHERE ${isSame})
    )`)
  }
  if (upserts && others.length > 0) {
    const changes = others.map((column) => `${quoteName(column)} = r.${quoteName(column)}`)
    parts.push(`changed AS (UPDATE ${target} AS t SET ${changes.join(', ')} FROM given AS r WHERE ${isSame})`)
  }
  return { sql: `WITH ${parts.join(', ')} SELECT name FROM fence`, params }
}

/** The array literals of a chunk; undefined if there are no more rows. */
type Literals = readonly string[] | undefined

/** The target of a COPY into this table. */
export function copyTarget(schema: string, { name, columns }: TableDefinition): string {
  return `${quoteName(schema, name)} (${list(Object.keys(columns))})`
}

/** SQL that turns array literals into a table with these columns. */
export function unnested({ columns }: TableDefinition, names: readonly string[], first: number): string {
  const arrays = names.map((name, index) => `$${first + index}::${sqlTypes[columns[name]!.type].declared}[]`)
  return `unnest(${arrays.join(', ')}) AS r (${list(names)})`
}
