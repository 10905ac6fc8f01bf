// The rows of a read table and what can be asked of them, as JSON Schema.
import type { ColumnType } from '../kernel/tables.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import type { ColumnDescription } from '../schema/system-description.ts'
import { operatorsOf } from '../store/canonical-select.ts'
import { selectInValuesMax, selectOrderColumnsMax } from '../store/select.ts'

/** A row of a table. */
export function rowSchema(columns: readonly ColumnDescription[]): JsonSchema {
  return {
    type: 'object',
    required: columns.map(({ name }) => name),
    properties: Object.fromEntries(columns.map((column) => [column.name, columnSchema(column)])),
  }
}

/** The conditions that rows can be asked to meet. */
export function whereSchema(columns: readonly ColumnDescription[]): JsonSchema {
  const filters = columns.flatMap((column) => {
    const schema = filterSchema(column)
    return schema ? [[column.name, schema] as const] : []
  })
  return { type: 'object', properties: Object.fromEntries(filters), additionalProperties: false }
}

/** The orders of rows. */
export function orderBySchema(columns: readonly ColumnDescription[]): JsonSchema {
  const sortable = columns.filter(({ type }) => type !== 'json').map(({ name }) => name)
  return {
    type: 'array',
    maxItems: selectOrderColumnsMax,
    items: { enum: sortable.flatMap((name) => [name, `-${name}`]) },
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

/** Undefined if a column cannot be compared with anything. */
function filterSchema(column: ColumnDescription): JsonSchema | undefined {
  const value = typeSchemas[column.type]
  const isNull = column.isNullable ? { isNull: { type: 'boolean' } } : {}
  if (column.type === 'json') return column.isNullable ? operatorsSchema(isNull) : undefined
  const operators = operatorsOf(column).map((operator) => [
    operator,
    operator === 'in' || operator === 'notIn'
      ? { type: 'array', items: value, minItems: 1, maxItems: selectInValuesMax }
      : value,
  ])
  return { anyOf: [value, operatorsSchema({ ...Object.fromEntries(operators), ...isNull })] }
}

function operatorsSchema(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', properties, additionalProperties: false }
}
