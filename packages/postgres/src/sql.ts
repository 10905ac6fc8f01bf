// The SQL of the read tables, as text made by pure functions. Names are quoted, values travel as parameters.
import { type ColumnType, IndelibleError, type Row, type TableChange, type TableDefinition } from 'indelible'
import type { SqlRow } from './database.ts'

export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
}

/** Holds the checkpoint of every projection of its schema. A projection cannot have this name. */
export const checkpointsTable = 'indelible_projections'

export function quoted(...names: readonly string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.')
}

export function createCheckpoints(schema: string): string {
  return `CREATE TABLE ${quoted(schema, checkpointsTable)} (
    name text COLLATE "C" PRIMARY KEY,
    fingerprint text NOT NULL,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
  )`
}

/** The table and its indexes, one statement each. */
export function createTable(schema: string, { name, columns, key }: TableDefinition): readonly string[] {
  const table = quoted(schema, name)
  const definitions = Object.entries(columns).map(([column, { type, isKey, isNullable }]) =>
    // Keys sort by code point everywhere, whatever the locale of the server.
    [quoted(column), sqlTypes[type].name, isKey && type === 'text' ? 'COLLATE "C"' : '', isNullable ? '' : 'NOT NULL']
      .filter((part) => part !== '')
      .join(' '),
  )
  const indexed = Object.entries(columns).filter(([, { isIndexed }]) => isIndexed)
  return [
    `CREATE TABLE ${table} (${[...definitions, `PRIMARY KEY (${list(key)})`].join(', ')})`,
    ...indexed.map(
      ([column, { type }]) => `CREATE INDEX ON ${table} ${type === 'json' ? 'USING gin ' : ''}(${quoted(column)})`,
    ),
  ]
}

/** Keys travel as one JSON text, which both drivers pass on untouched and Postgres takes apart faster than arrays. */
export function loadRows(schema: string, table: TableDefinition, keys: readonly Row[]): Statement {
  const { key } = table
  return {
    sql: `SELECT ${readColumns(table)} FROM ${quoted(schema, table.name)} AS t
      WHERE (${list(key, 't.')}) IN (SELECT ${list(key)} FROM ${recordset(table, key, '$1')})`,
    params: [JSON.stringify(keys)],
  }
}

/** Returns a row if the change was saved. Who updates the checkpoint first holds its row lock: a second writer waits, then finds nothing to update. */
export function saveChange(schema: string, { table, upserts, removals, from, to }: TableChange): Statement {
  const { name, fingerprint, columns, key } = table
  const target = quoted(schema, name)
  const all = Object.keys(columns)
  const others = all.filter((column) => !key.includes(column)).map((column) => quoted(column))
  const replace =
    others.length > 0 ? `UPDATE SET ${others.map((column) => `${column} = excluded.${column}`)}` : 'NOTHING'
  return {
    sql: `WITH fence AS (
        UPDATE ${quoted(schema, checkpointsTable)} SET position = $1, updated_at = now()
        WHERE name = $2 AND fingerprint = $3 AND position = $4 RETURNING name
      ), removed AS (
        DELETE FROM ${target} AS t
        WHERE EXISTS (SELECT FROM fence) AND (${list(key, 't.')}) IN (SELECT ${list(key)} FROM ${recordset(table, key, '$5')})
      ), upserted AS (
        INSERT INTO ${target} (${list(all)})
        SELECT ${list(all)} FROM ${recordset(table, all, '$6')} WHERE EXISTS (SELECT FROM fence)
        ON CONFLICT (${list(key)}) DO ${replace}
      )
      SELECT name FROM fence`,
    params: [to, name, fingerprint, from, JSON.stringify(removals), JSON.stringify(upserts)],
  }
}

export function selectRows(
  schema: string,
  table: TableDefinition,
  { where, after, limit }: { where: Row; after: Row | undefined; limit: number },
): Statement {
  const params: unknown[] = []
  const placeholder = (value: unknown) => `$${params.push(value)}`
  const conditions = Object.entries(where).map(([column, value]) =>
    value === null ? `t.${quoted(column)} IS NULL` : `t.${quoted(column)} = ${placeholder(value)}`,
  )
  if (after) {
    const values = table.key.map((column) => placeholder(after[column]))
    conditions.push(`(${list(table.key, 't.')}) > (${values.join(', ')})`)
  }
  return {
    sql: `SELECT ${readColumns(table)} FROM ${quoted(schema, table.name)} AS t
      ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
      ORDER BY ${list(table.key, 't.')} LIMIT ${placeholder(limit)}`,
    params,
  }
}

/** A row of `loadRows` and `selectRows` as readers see it. */
export function readRow({ columns }: TableDefinition, row: SqlRow): Row {
  const values: Record<string, unknown> = {}
  for (const [column, { type }] of Object.entries(columns)) {
    const value = row[column]
    values[column] = value === null ? null : sqlTypes[type].parse(value as string)
  }
  return values
}

interface SqlType {
  readonly name: string
  /** Gives the column as text, in a form that no setting of driver or server changes. */
  readonly read: (column: string) => string
  readonly parse: (text: string) => unknown
}

const asText = (column: string) => `${column}::text`

const sqlTypes: Record<ColumnType, SqlType> = {
  text: { name: 'text', read: (column) => column, parse: (text) => text },
  integer: { name: 'integer', read: asText, parse: Number },
  bigint: { name: 'bigint', read: asText, parse: safeInteger },
  boolean: { name: 'boolean', read: asText, parse: (text) => text === 'true' },
  date: { name: 'date', read: (column) => `to_char(${column}, 'YYYY-MM-DD')`, parse: (text) => text },
  timestamp: {
    name: 'timestamptz',
    read: (column) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    parse: (text) => text,
  },
  json: { name: 'jsonb', read: asText, parse: JSON.parse },
}

/** Rows are checked before they are written, so this can only be the work of somebody else's SQL. */
function safeInteger(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new IndelibleError('invalid_row', `A bigint column holds ${text}, which is beyond the safe integers.`)
}

function readColumns({ columns }: TableDefinition): string {
  const read = Object.entries(columns).map(([column, { type }]) => {
    return `${sqlTypes[type].read(`t.${quoted(column)}`)} AS ${quoted(column)}`
  })
  return read.join(', ')
}

/** The rows of a JSON array, as a table with these columns. */
function recordset({ columns }: TableDefinition, names: readonly string[], placeholder: string): string {
  const typed = names.map((name) => `${quoted(name)} ${sqlTypes[columns[name]!.type].name}`)
  return `json_to_recordset(${placeholder}::json) AS r (${typed.join(', ')})`
}

function list(names: readonly string[], prefix = ''): string {
  return names.map((name) => prefix + quoted(name)).join(', ')
}
