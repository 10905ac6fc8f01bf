// The rows of a read table and what can be asked of them, for OpenAPI.
import type { Column, ColumnType, TableDefinition } from 'indelible'
import { operatorsOf, selectInValuesMax, selectOrderColumnsMax } from 'indelible/adapter'
import type { JsonSchema } from 'indelible/schema'

/** Every column as JSON Schema. */
export function columnSchemas({ columns }: TableDefinition) {
  const entries = Object.entries(columns)
  return {
    columns: Object.fromEntries(entries.map(([name, column]) => [name, columnSchema(column)])),
    required: entries.map(([name]) => name),
  }
}

/** `where` and `orderBy` of a table, as parameters of OpenAPI. */
export function selectionParameters({ columns, key }: TableDefinition): readonly object[] {
  const entries = Object.entries(columns)
  const filters = entries.flatMap(([name, column]) => {
    const schema = filterSchema(column)
    return schema ? [[name, schema] as const] : []
  })
  const sortable = entries.filter(([, { type }]) => type !== 'json').map(([name]) => name)
  return [
    {
      name: 'where',
      in: 'query',
      description:
        'Only rows that meet all of these conditions: where[column]=value, or where[column][operator]=value with eq, ne, lt, lte, gt, gte, in, notIn or isNull. ' +
        'in and notIn are given once for each value. ne and notIn include rows in which the column is null; where[column][isNull]=false excludes them.',
      style: 'deepObject',
      explode: true,
      schema: { type: 'object', properties: Object.fromEntries(filters), additionalProperties: false },
    },
    {
      name: 'orderBy',
      in: 'query',
      description: `Columns, separated by commas; "-" before one means descending. The key (${key.join(', ')}) follows. Null is after all values, so before them where descending.`,
      style: 'form',
      explode: false,
      schema: {
        type: 'array',
        maxItems: selectOrderColumnsMax,
        items: { enum: sortable.flatMap((name) => [name, `-${name}`]) },
      },
    },
  ]
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

/** Nothing where a column cannot be compared with anything. */
function filterSchema(column: Column): JsonSchema | undefined {
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
