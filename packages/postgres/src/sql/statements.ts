// The SQL of the rows of read tables, as text made by pure functions. Names are quoted, values travel as parameters.
import type { Row, TableChange, TableDefinition } from 'indelible'
import { arrayLiterals, sqlTypes } from './types.ts'

export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
}

/** Holds what is known of every read table of its schema. A projection cannot have this name. */
export const recordsTable = 'indelible_projections'

export function quoted(...names: readonly string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.')
}

export function list(names: readonly string[], prefix = ''): string {
  return names.map((name) => prefix + quoted(name)).join(', ')
}

/**
 * Half of a page stays free, for the next version of its rows: such an update leaves the indexes alone. Rows are then changed two to three times as
 * fast, and neither the table nor its indexes swell.
 */
const fillFactor = 50

export function createTable(schema: string, { name, columns }: TableDefinition): string {
  const definitions = Object.entries(columns).map(([column, { type, isKey, isNullable }]) => {
    // Keys sort by code point everywhere, whatever the locale of the server.
    const collation = isKey && type === 'text' ? ' COLLATE "C"' : ''
    return `${quoted(column)} ${sqlTypes[type].declared}${collation}${isNullable ? '' : ' NOT NULL'}`
  })
  return `CREATE TABLE ${quoted(schema, name)} (${definitions.join(', ')}) WITH (fillfactor = ${fillFactor})`
}

/** Primary key and indexes, one statement each. Postgres finds names for them that are free. */
export function createIndexes(schema: string, { name, columns, key }: TableDefinition): readonly string[] {
  const table = quoted(schema, name)
  const indexed = Object.entries(columns).filter(([, { isIndexed }]) => isIndexed)
  return [
    `ALTER TABLE ${table} ADD PRIMARY KEY (${list(key)})`,
    ...indexed.map(
      ([column, { type }]) => `CREATE INDEX ON ${table} ${type === 'json' ? 'USING gin ' : ''}(${quoted(column)})`,
    ),
  ]
}

/** As many statements as the keys need, one as a rule; also one without keys, which says whether the table is there. */
export function* loadRows(schema: string, table: TableDefinition, keys: readonly Row[]): Generator<Statement> {
  const { name, key } = table
  const given = unnested(table, key, 1)
  const sql = page(schema, table, {
    from: `SELECT * FROM ${quoted(schema, name)} AS t WHERE (${list(key, 't.')}) IN (SELECT * FROM ${given})`,
  })
  if (keys.length === 0) yield { sql, params: key.map(() => '{}') }
  for (const params of arrayLiterals(table, key, keys)) yield { sql, params }
}

export function selectRows(
  schema: string,
  table: TableDefinition,
  { where, after, limit }: { where: Row; after: Row | undefined; limit: number },
): Statement {
  const { name, columns, key } = table
  const params: unknown[] = []
  const placeholder = (column: string, value: unknown) =>
    `$${params.push(value)}::${sqlTypes[columns[column]!.type].declared}`
  const conditions = Object.entries(where).map(([column, value]) =>
    value === null ? `t.${quoted(column)} IS NULL` : `t.${quoted(column)} = ${placeholder(column, value)}`,
  )
  if (after) {
    conditions.push(`(${list(key, 't.')}) > (${key.map((column) => placeholder(column, after[column])).join(', ')})`)
  }
  return {
    sql: page(schema, table, {
      from: `SELECT * FROM ${quoted(schema, name)} AS t ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
        ORDER BY ${list(key, 't.')} LIMIT $${params.push(limit)}`,
    }),
    params,
  }
}

/**
 * Rows come as one row of JSON arrays, one for each column: by far the fastest way through both drivers. Beside them the types that the columns
 * have, since the table may have been filled by other code than the one that asks.
 */
function page(schema: string, { name, columns }: TableDefinition, { from }: { from: string }): string {
  const types = Object.keys(columns).map(
    (column) => `pg_typeof((NULL::${quoted(schema, name)}).${quoted(column)})::text`,
  )
  const values = Object.entries(columns).map(
    ([column, { type }], at) =>
      `coalesce(json_agg(${sqlTypes[type].read(`t.${quoted(column)}`)})::text, '[]') AS c${at}`,
  )
  return `SELECT ARRAY[${types.join(', ')}] AS types, ${values.join(', ')} FROM (${from}) AS t`
}

type Change = Omit<TableChange, 'generation'> & { readonly generation: number | null }

/** As many statements as the rows need, one as a rule. They belong into one transaction: the first moves the checkpoint, the others find it moved. */
export function* saveChange(schema: string, change: Change): Generator<Statement> {
  const { table, upserts, removals, to } = change
  const given = arrayLiterals(table, Object.keys(table.columns), upserts)
  const gone = arrayLiterals(table, table.key, removals)
  for (let { from } = change, isFirst = true; ; from = to.position, isFirst = false) {
    const piece = { upserts: given.next().value, removals: gone.next().value }
    if (!isFirst && !piece.upserts && !piece.removals) return
    yield savePiece(schema, { ...change, from, ...piece })
  }
}

/**
 * Returns a row if the change was saved. Who updates the checkpoint first holds its row lock: a second writer waits, then finds nothing to update.
 * There is thus one writer at a time, and rows can be changed and added apart, which is faster than ON CONFLICT.
 */
function savePiece(
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
  const target = quoted(schema, name)
  const all = Object.keys(columns)
  const others = all.filter((column) => !key.includes(column))
  const params: unknown[] = [to.position, to.history, name, fingerprint, from, generation]
  const given = (names: readonly string[], literals: readonly string[]) => {
    const first = params.length + 1
    params.push(...literals)
    return unnested(table, names, first)
  }
  const isSame = key.map((column) => `t.${quoted(column)} = r.${quoted(column)}`).join(' AND ')
  const parts = [
    `fence AS (
      UPDATE ${quoted(schema, recordsTable)} SET position = $1, history = $2, updated_at = now()
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
    const changes = others.map((column) => `${quoted(column)} = r.${quoted(column)}`)
    parts.push(`changed AS (UPDATE ${target} AS t SET ${changes.join(', ')} FROM given AS r WHERE ${isSame})`)
  }
  return { sql: `WITH ${parts.join(', ')} SELECT name FROM fence`, params }
}

/** Of a piece of rows; none where there are no more. */
type Literals = readonly string[] | undefined

/** Where COPY puts rows of this table. */
export function copyTarget(schema: string, { name, columns }: TableDefinition): string {
  return `${quoted(schema, name)} (${list(Object.keys(columns))})`
}

/** The rows of array literals, as a table with these columns. */
function unnested({ columns }: TableDefinition, names: readonly string[], first: number): string {
  const arrays = names.map((name, index) => `$${first + index}::${sqlTypes[columns[name]!.type].declared}[]`)
  return `unnest(${arrays.join(', ')}) AS r (${list(names)})`
}
