// Values on their way into Postgres and out of it: a column of rows travels as one text, which both drivers pass on untouched.
import { type ColumnType, IndelibleError, type Row, type TableDefinition } from 'indelible'

export interface SqlType {
  /** As `pg_typeof` says it. */
  readonly name: string
  /** As columns are declared and parameters are cast. */
  readonly declared: string
  /** Values whose text may hold anything are quoted in an array literal and escaped in COPY. */
  readonly text: (value: unknown) => string
  readonly isFree?: true
  /** The column in a form whose JSON no setting of driver or server changes. */
  readonly read: (column: string) => string
  /** Throws where JavaScript cannot hold the value. */
  readonly check?: (value: unknown, column: string) => void
}

const asIs = (column: string) => column

export const sqlTypes: Record<ColumnType, SqlType> = {
  text: { name: 'text', declared: 'text', text: String, isFree: true, read: asIs },
  integer: { name: 'integer', declared: 'integer', text: String, read: asIs },
  bigint: { name: 'bigint', declared: 'bigint', text: String, read: asIs, check: safeInteger },
  boolean: { name: 'boolean', declared: 'boolean', text: String, read: asIs },
  date: { name: 'date', declared: 'date', text: String, read: asIs },
  timestamp: { name: 'timestamp with time zone', declared: 'timestamptz', text: String, read: utcText },
  json: { name: 'jsonb', declared: 'jsonb', text: JSON.stringify, isFree: true, read: asIs },
}

/** A point in time as RFC 3339 text. */
export function utcText(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

/**
 * Characters of rows that are sent in one piece, give or take a row: far below what a text can hold in JavaScript (half a billion) and a statement in
 * Postgres (a gigabyte).
 */
export const pieceCharsMax = 16_000_000

/** Pieces of rows: in each, one array literal (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO) for each of these columns. */
export function* arrayLiterals(
  { columns }: TableDefinition,
  names: readonly string[],
  rows: readonly Row[],
): Generator<readonly string[]> {
  const fields = names.map((name) => ({ ...sqlTypes[columns[name]!.type], name }))
  for (let at = 0; at < rows.length; ) {
    const literals = fields.map(() => '')
    for (let chars = 0; at < rows.length && chars < pieceCharsMax; at++) {
      for (let index = 0; index < fields.length; index++) {
        const { name, text, isFree } = fields[index]!
        const value = rows[at]![name]
        const item = value === null ? 'NULL' : isFree ? inQuotes(text(value)) : text(value)
        literals[index] += literals[index] === '' ? item : `,${item}`
        chars += item.length
      }
    }
    yield literals.map((items) => `{${items}}`)
  }
}

/** A row as COPY takes it: a line, its values between tabs. */
export function copyLine({ columns }: TableDefinition): (row: Row) => string {
  const fields = Object.entries(columns).map(([name, { type }]) => ({ ...sqlTypes[type], name }))
  return (row) => {
    let line = ''
    let separator = ''
    for (const { name, text, isFree } of fields) {
      const value = row[name]
      line += separator + (value === null ? '\\N' : isFree ? escaped(text(value)) : text(value))
      separator = '\t'
    }
    return `${line}\n`
  }
}

/** Rows made of one JSON array for each column of the table, in the order of its columns. */
export function rowsOf({ name: table, columns }: TableDefinition, arrays: readonly string[]): Row[] {
  const rows: Record<string, unknown>[] = []
  for (const [at, [name, { type }]] of Object.entries(columns).entries()) {
    const { check } = sqlTypes[type]
    const values = JSON.parse(arrays[at]!) as readonly unknown[]
    const column = `Column "${name}" of read table "${table}"`
    if (check) for (const value of values) if (value !== null) check(value, column)
    if (at === 0) for (const value of values) rows.push({ [name]: value })
    else for (let index = 0; index < values.length; index++) rows[index]![name] = values[index]
  }
  return rows
}

function inQuotes(text: string): string {
  return `"${special.test(text) ? text.replaceAll(specials, '\\$&') : text}"`
}

function escaped(text: string): string {
  return control.test(text) ? text.replaceAll(controls, (found) => controlNames[found]!) : text
}

const special = /["\\]/
const specials = /["\\]/g
const control = /[\\\t\n\r]/
const controls = /[\\\t\n\r]/g
const controlNames: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** Rows are checked before they are written, so this can only be the work of somebody else's SQL. */
export function safeInteger(value: unknown, column = 'A bigint column'): number {
  if (Number.isSafeInteger(value)) return value as number
  throw new IndelibleError(
    'invalid_row',
    `${column} holds about ${value}, which is beyond the safe integers: somebody else wrote it. A rebuild of the table mends it.`,
  )
}
