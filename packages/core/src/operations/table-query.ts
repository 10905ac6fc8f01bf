// What a caller says about rows, turned into what a read table understands: filters and cursors, typed by the table's columns.
import { isIndelibleError } from '../kernel/errors.ts'
import type { ColumnType, Row, TableDefinition } from '../kernel/tables.ts'
import { base64, fromUtf8, utf8 } from '../kernel/text.ts'
import type { ColumnDescription } from '../schema/describe-system.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import { canonicalKey, canonicalSelect } from '../store/rows.ts'
import { invalid } from './parameters.ts'

/** The columns and the values they must have. A value may be given as text, as in a URL. Throws `invalid_parameter`. */
export function filterIn(given: Row, table: TableDefinition): Row {
  const { columns } = table
  const filters = Object.entries(given).map(([name, value]): [string, unknown] => {
    const isTyped = typeof value !== 'string' || !Object.hasOwn(columns, name)
    return [name, isTyped ? value : valueIn(value, columns[name]!.type)]
  })
  const where = Object.fromEntries(filters)
  return fitting(
    (column) => `where[${column}]`,
    () => canonicalSelect(table, { where }).where,
  )
}

/** An opaque name for a row's place in the order of the key. */
export function cursorOf(row: Row, { key }: TableDefinition): string {
  const bytes = utf8(JSON.stringify(key.map((name) => row[name])))
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The key columns of the row that a cursor stands for. Throws `invalid_parameter`. */
export function rowAfter(cursor: string, table: TableDefinition): Row {
  const values = valuesIn(cursor)
  if (!Array.isArray(values) || values.length !== table.key.length) {
    throw invalid('after', `"after" is no cursor of table "${table.name}". Take it from the page before.`)
  }
  const row = Object.fromEntries(table.key.map((name, index) => [name, values[index]]))
  return fitting(
    () => 'after',
    () => canonicalKey(table, row),
  )
}

/** The schema of a row, and of the columns that a caller can filter by. */
export function columnSchemas(columns: readonly ColumnDescription[]): { row: JsonSchema; filters: JsonSchema } {
  const filters = columns.filter(({ type }) => type !== 'json')
  return {
    row: {
      type: 'object',
      required: columns.map(({ name }) => name),
      properties: Object.fromEntries(columns.map((column) => [column.name, columnSchema(column)])),
    },
    filters: {
      type: 'object',
      properties: Object.fromEntries(filters.map(({ name, type }) => [name, typeSchemas[type]])),
      additionalProperties: false,
    },
  }
}

const typeSchemas: Readonly<Record<ColumnType, JsonSchema>> = {
  text: { type: 'string' },
  integer: { type: 'integer', format: 'int32' },
  bigint: { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  timestamp: { type: 'string', format: 'date-time' },
  json: {},
}

function columnSchema({ type, isNullable }: ColumnDescription): JsonSchema {
  const schema = typeSchemas[type]
  return isNullable && schema.type ? { ...schema, type: [schema.type, 'null'] } : schema
}

/** What does not have the form of the type stays text, which the table then refuses. */
function valueIn(text: string, type: ColumnType): unknown {
  if (type === 'integer' || type === 'bigint') return /^-?\d{1,16}$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

/** Asks the declaration and not the table: rows of the table that do not fit are no fault of the caller. */
function fitting(parameterOf: (column: string) => string, row: () => Row): Row {
  try {
    return row()
  } catch (error) {
    if (isIndelibleError(error, 'invalid_row')) throw invalid(parameterOf(String(error.details.column)), error.message)
    throw error
  }
}

function valuesIn(cursor: string): unknown {
  try {
    const binary = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
    return JSON.parse(fromUtf8(Uint8Array.from(binary, (character) => character.charCodeAt(0))))
  } catch {
    return undefined
  }
}
