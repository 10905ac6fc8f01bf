// Converts values for Postgres and back. A column of many rows is sent as one text, which both drivers pass on unchanged.
import { type ColumnType, IndelibleError, type Row, type TableDefinition } from 'indelible'

export interface SqlType {
  /** The name that `pg_typeof` returns. */
  readonly name: string
  /** The name in column declarations and casts. */
  readonly declared: string
  readonly text: (value: unknown) => string
  /** The text may contain any character, so it is quoted in an array literal and escaped in COPY. */
  readonly needsEscaping?: true
  /** SQL that reads the column so that no setting of the driver or the server changes its JSON. */
  readonly read: (column: string) => string
  /** Throws if JavaScript cannot represent the value. */
  readonly check?: (value: unknown, column: string) => void
}

const asIs = (column: string) => column

export const sqlTypes: Record<ColumnType, SqlType> = {
  text: { name: 'text', declared: 'text', text: String, needsEscaping: true, read: asIs },
  integer: { name: 'integer', declared: 'integer', text: String, read: asIs },
  bigint: { name: 'bigint', declared: 'bigint', text: String, read: asIs, check: safeInteger },
  boolean: { name: 'boolean', declared: 'boolean', text: String, read: asIs },
  date: { name: 'date', declared: 'date', text: String, read: asIs },
  timestamp: { name: 'timestamp with time zone', declared: 'timestamptz', text: String, read: utcText },
  json: { name: 'jsonb', declared: 'jsonb', text: JSON.stringify, needsEscaping: true, read: asIs },
}

/** SQL that returns a timestamp as RFC 3339 text. */
export function utcText(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

/**
 * The characters of rows in one chunk; the last row may exceed it. This is far below the limit of a string in JavaScript (half a billion) and of a
 * statement in Postgres (a gigabyte).
 */
export const chunkCharsMax = 16_000_000

/** Splits the rows into chunks. A chunk has one array literal (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO) for each of these columns. */
export function* arrayLiterals(
  { columns }: TableDefinition,
  names: readonly string[],
  rows: readonly Row[],
): Generator<readonly string[]> {
  const fields = names.map((name) => ({ ...sqlTypes[columns[name]!.type], name }))
  for (let at = 0; at < rows.length; ) {
    const literals = fields.map(() => '')
    for (let chars = 0; at < rows.length && chars < chunkCharsMax; at++) {
      for (let index = 0; index < fields.length; index++) {
        const { name, text, needsEscaping } = fields[index]!
        const value = rows[at]![name]
        const item = value === null ? 'NULL' : needsEscaping ? quoteItem(text(value)) : text(value)
        literals[index] += literals[index] === '' ? item : `,${item}`
        chars += item.length
      }
    }
    yield literals.map((items) => `{${items}}`)
  }
}

/** One array literal of these values, which are not null. */
export function arrayLiteral({ text, needsEscaping }: SqlType, values: readonly unknown[]): string {
  return `{${values.map((value) => (needsEscaping ? quoteItem(text(value)) : text(value))).join(',')}}`
}

/** Returns a function that writes a row in the text format of COPY: one line, with tabs between the values. */
export function copyLine({ columns }: TableDefinition): (row: Row) => string {
  const fields = Object.entries(columns).map(([name, { type }]) => ({ ...sqlTypes[type], name }))
  return (row) => {
    let line = ''
    let separator = ''
    for (const { name, text, needsEscaping } of fields) {
      const value = row[name]
      line += separator + (value === null ? '\\N' : needsEscaping ? escapeForCopy(text(value)) : text(value))
      separator = '\t'
    }
    return `${line}\n`
  }
}

/** Builds rows from one JSON array for each column, in the order of the columns. */
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

function quoteItem(text: string): string {
  return `"${special.test(text) ? text.replaceAll(specials, '\\$&') : text}"`
}

function escapeForCopy(text: string): string {
  return control.test(text) ? text.replaceAll(controls, (found) => controlNames[found]!) : text
}

const special = /["\\]/
const specials = /["\\]/g
const control = /[\\\t\n\r]/
const controls = /[\\\t\n\r]/g
const controlNames: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** Rows are checked before they are written, so a value that fails here was written by SQL of the user. */
export function safeInteger(value: unknown, column = 'A bigint column'): number {
  if (Number.isSafeInteger(value)) return value as number
  throw new IndelibleError(
    'invalid_row',
    `${column} holds about ${value}, which is outside the safe integers. It was not written by the projection. Rebuild the table to repair it.`,
  )
}
