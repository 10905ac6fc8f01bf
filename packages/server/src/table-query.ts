// What a request says about rows, turned into what a read table understands: filters and cursors, typed by the table's columns.
import { type Column, type ColumnType, isIndelibleError, type Row, type TableDefinition } from 'indelible'
import { canonicalKey, canonicalSelect } from 'indelible/adapter'
import type { JsonSchema } from 'indelible/schema'
import { invalid } from './parameters.ts'

const filterForm = /^where\[(.+)\]$/

/** Brackets, because a column may have the name of another parameter. */
export function isFilter(parameter: string): boolean {
  return filterForm.test(parameter)
}

/** The columns and the values they must have. Throws `invalid_parameter`. */
export function filterIn(request: Request, table: TableDefinition): Row {
  const { columns } = table
  const filters = [...new URL(request.url).searchParams].map(([parameter, text]): [string, unknown] => {
    const name = filterForm.exec(parameter)?.[1] ?? ''
    return [name, Object.hasOwn(columns, name) ? valueIn(text, columns[name]!.type) : text]
  })
  const where = Object.fromEntries(filters.filter(([name]) => name !== ''))
  return fitting(
    (column) => `where[${column}]`,
    () => canonicalSelect(table, { where }).where,
  )
}

/** An opaque name for a row's place in the order of the key. */
export function cursorOf(row: Row, { key }: TableDefinition): string {
  return Buffer.from(JSON.stringify(key.map((name) => row[name]))).toString('base64url')
}

/** The key columns of the row that a cursor stands for. Throws `invalid_parameter`. */
export function rowAfter(cursor: string, table: TableDefinition): Row {
  const values = valuesIn(cursor)
  if (!Array.isArray(values) || values.length !== table.key.length) {
    throw invalid('after', `"after" is no cursor of table "${table.name}". Take it from the link to the next page.`)
  }
  const row = Object.fromEntries(table.key.map((name, index) => [name, values[index]]))
  return fitting(
    () => 'after',
    () => canonicalKey(table, row),
  )
}

/** Every column as JSON Schema, and those that can be filtered by. */
export function columnSchemas({ columns }: TableDefinition) {
  const entries = Object.entries(columns)
  const filters = entries.filter(([, { type }]) => type !== 'json')
  return {
    columns: Object.fromEntries(entries.map(([name, column]) => [name, columnSchema(column)])),
    filters: Object.fromEntries(filters.map(([name, { type }]) => [name, typeSchemas[type]])),
    required: entries.map(([name]) => name),
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

function columnSchema({ type, isNullable }: Column): JsonSchema {
  const schema = typeSchemas[type]
  return isNullable && schema.type ? { ...schema, type: [schema.type, 'null'] } : schema
}

/** What does not have the form of the type stays text, which the table then refuses. */
function valueIn(text: string, type: ColumnType): unknown {
  if (type === 'integer' || type === 'bigint') return /^-?\d{1,16}$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

/** Asked of the declaration and not of the table, whose own rows may not fit it either: that is no fault of the request. */
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
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
}
