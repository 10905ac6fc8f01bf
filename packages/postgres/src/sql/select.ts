// A page of rows as SQL: conditions, order, and the place in the order where the page begins (keyset paging).
import type { Position, Row, TableDefinition } from 'indelible'
import { type CanonicalSelect, type Condition, historyTableName, type OrderColumn } from 'indelible/adapter'
import { collation, page, quoteName, type Statement } from './statements.ts'
import { arrayLiteral, sqlTypes } from './types.ts'

export function selectRows(
  schema: string,
  table: TableDefinition,
  { where, order, after, limit }: CanonicalSelect,
  at?: Position,
): Statement {
  const params: unknown[] = []
  const sql = new Expressions(table, params)
  const conditions = where.map((condition) => sql.condition(condition))
  if (after) conditions.push(sql.after(order, after))
  const name = at === undefined ? table.name : historyTableName(table.name)
  if (at !== undefined) {
    params.push(at)
    conditions.push(
      `t.from_position <= $${params.length} AND (t.to_position IS NULL OR t.to_position > $${params.length})`,
    )
  }
  const directions = order.map(({ column, direction }) => `${sql.sorted(column)} ${direction}`)
  return {
    sql: page(
      schema,
      { ...table, name },
      {
        from: `SELECT * FROM ${quoteName(schema, name)} AS t ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
        ORDER BY ${directions.join(', ')} LIMIT $${params.push(limit)}`,
      },
    ),
    params,
  }
}

const comparisons = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const

class Expressions {
  readonly #table: TableDefinition
  readonly #params: unknown[]

  constructor(table: TableDefinition, params: unknown[]) {
    this.#table = table
    this.#params = params
  }

  condition(condition: Condition): string {
    const column = quoteColumn(condition.column)
    if ('values' in condition) {
      const isIn = this.#isIn(condition.column, condition.values)
      return condition.operator === 'in' ? isIn : `NOT ${isIn}`
    }
    const { operator, value } = condition
    if (value === null) return `${column} IS ${operator === 'ne' ? 'NOT ' : ''}NULL`
    const parameter = this.#parameter(condition.column, value)
    if (operator === 'eq') return `${column} = ${parameter}`
    if (operator === 'ne') return `${column} IS DISTINCT FROM ${parameter}`
    return `${this.sorted(condition.column)} ${comparisons[operator]} ${parameter}`
  }

  /**
   * The rows that come after this one. Where all columns have one direction and no nulls, which is so for the key, that is a comparison of rows, which an
   * index on these columns serves.
   */
  after(order: readonly OrderColumn[], row: Row): string {
    const parameters = order.map(({ column }) =>
      row[column] === null ? undefined : this.#parameter(column, row[column]),
    )
    let expression = ''
    let rest = order.length
    while (rest > 0 && this.#isAlike(order[rest - 1]!, order.at(-1)!)) rest--
    if (rest < order.length) {
      const columns = order.slice(rest).map(({ column }) => this.sorted(column))
      expression = `(${columns.join(', ')}) ${beyond(order.at(-1)!)} (${parameters.slice(rest).join(', ')})`
    }
    for (let at = rest - 1; at >= 0; at--) expression = this.#orAfter(order[at]!, parameters[at]!, expression)
    return expression
  }

  /** A column as it is compared and ordered by. */
  sorted(column: string): string {
    return quoteColumn(column) + collation(this.#table.columns[column]!.type)
  }

  /** After the value in this column, or equal to it and after the others in the columns behind. */
  #orAfter({ column, direction }: OrderColumn, parameter: string | undefined, others: string): string {
    const [name, sorted] = [quoteColumn(column), this.sorted(column)]
    const { isNullable } = this.#table.columns[column]!
    if (parameter === undefined) {
      const isSame = `${name} IS NULL AND ${others}`
      return direction === 'asc' ? `(${isSame})` : `(${name} IS NOT NULL OR ${isSame})`
    }
    const beyondIt = `${sorted} ${beyond({ direction })} ${parameter}`
    const isSame = `${name} = ${parameter} AND ${others}`
    if (isNullable && direction === 'asc') return `(${beyondIt} OR ${name} IS NULL OR ${isSame})`
    // Says nothing new, but an index can begin there.
    return `(${sorted} ${beyond({ direction })}= ${parameter} AND (${beyondIt} OR ${isSame}))`
  }

  #isAlike({ column, direction }: OrderColumn, last: OrderColumn): boolean {
    return direction === last.direction && !this.#table.columns[column]!.isNullable
  }

  #isIn(column: string, values: readonly unknown[]): string {
    const type = sqlTypes[this.#table.columns[column]!.type]
    const literal = arrayLiteral(
      type,
      values.filter((value) => value !== null),
    )
    const isOne = `${quoteColumn(column)} = ANY ($${this.#params.push(literal)}::${type.declared}[])`
    if (!this.#table.columns[column]!.isNullable) return `(${isOne})`
    return `(${quoteColumn(column)} IS ${values.includes(null) ? 'NULL OR' : 'NOT NULL AND'} ${isOne})`
  }

  #parameter(column: string, value: unknown): string {
    return `$${this.#params.push(value)}::${sqlTypes[this.#table.columns[column]!.type].declared}`
  }
}

function beyond({ direction }: Pick<OrderColumn, 'direction'>): string {
  return direction === 'asc' ? '>' : '<'
}

function quoteColumn(column: string): string {
  return `t.${quoteName(column)}`
}
