// The options of a page in the one form that adapters work with: every adapter refuses the same, and has to know no other form.
import { IndelibleError } from '../kernel/errors.ts'
import { shown } from '../kernel/shown.ts'
import type { Column, Row, TableDefinition } from '../kernel/tables.ts'
import { canonicalValue, misfit } from './rows.ts'
import {
  type OrderDirection,
  type SelectOptions,
  selectConditionsMax,
  selectInValuesMax,
  selectLimitDefault,
  selectOrderColumnsMax,
} from './select.ts'

export interface CanonicalSelect {
  /** A row must meet all of them. Values are canonical. */
  readonly where: readonly Condition[]
  /** A total order: it has every column of the key and ends with one of them. */
  readonly order: readonly OrderColumn[]
  /** A value for each column of the order. */
  readonly after: Row | undefined
  readonly limit: number
}

export type Condition =
  /** The values of a nullable column may include null. */
  | { readonly column: string; readonly operator: ListOperator; readonly values: readonly unknown[] }
  /** Only `eq` and `ne` compare with null. */
  | { readonly column: string; readonly operator: ValueOperator; readonly value: unknown }

export interface OrderColumn {
  readonly column: string
  readonly direction: OrderDirection
}

type ValueOperator = (typeof equalityOperators | typeof rangeOperators)[number]
type ListOperator = (typeof listOperators)[number]
const rangeOperators = ['lt', 'lte', 'gt', 'gte'] as const
const equalityOperators = ['eq', 'ne'] as const
const listOperators = ['in', 'notIn'] as const
const operators = [...equalityOperators, ...rangeOperators, ...listOperators] as const
export type SelectOperator = (typeof operators)[number]

/** The operators that a column has. */
export function operatorsOf({ type, isNullable }: Pick<Column, 'type' | 'isNullable'>): readonly SelectOperator[] {
  if (type === 'json') return isNullable ? equalityOperators : []
  return type === 'boolean' ? equalityOperators : operators
}

/** Throws `invalid_select`, whose details name the option, and the column and operator if there are such. */
export function canonicalSelect(
  table: TableDefinition,
  { where = {}, orderBy = [], after, limit = selectLimitDefault }: SelectOptions,
): CanonicalSelect {
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw invalidSelect(table, { option: 'limit' }, `a limit is a whole number from 0 on, not ${shown(limit)}`)
  }
  const order = canonicalOrder(table, orderBy)
  return { where: conditionsOf(table, where), order, after: after && canonicalAfter(table, order, after), limit }
}

function conditionsOf(table: TableDefinition, where: unknown): readonly Condition[] {
  if (!isPlain(where)) {
    throw invalidSelect(table, { option: 'where' }, `${shown(where)} is no object of conditions by column`)
  }
  const conditions: Condition[] = []
  for (const [column, given] of Object.entries(where)) {
    const definition = columnOf(table, 'where', column)
    if (isPlain(given)) {
      for (const [operator, value] of Object.entries(given)) {
        conditions.push(conditionOf(table, { column, operator, definition }, value))
      }
    } else conditions.push(conditionOf(table, { column, operator: 'eq', definition }, given))
  }
  if (conditions.length <= selectConditionsMax) return conditions
  throw invalidSelect(table, { option: 'where' }, `there are more than ${selectConditionsMax} conditions`)
}

function conditionOf(
  table: TableDefinition,
  { column, operator, definition }: { column: string; operator: string; definition: Column },
  given: unknown,
): Condition {
  const place = { option: 'where', column, operator } as const
  const allowed = operatorsOf(definition)
  if (!isOneOf(allowed, operator)) {
    if (definition.type === 'json') throw invalidSelect(table, place, jsonProblem)
    const problem = `there is no operator "${operator}" for ${definition.type}, only ${allowed.join(', ')}`
    throw invalidSelect(table, place, problem)
  }
  if (isOneOf(listOperators, operator)) {
    if (!Array.isArray(given)) throw invalidSelect(table, place, `${shown(given)} is no list of values`)
    if (given.length > selectInValuesMax) {
      throw invalidSelect(table, place, `there are more than ${selectInValuesMax} values`)
    }
    return { column, operator, values: given.map((each) => canonicalOf(definition, each)) }
  }
  return { column, operator, value: canonicalOf(definition, given) }

  function canonicalOf({ type, isNullable: isColumnNullable }: Column, value: unknown): unknown {
    if (type === 'json' && value !== null) throw invalidSelect(table, place, jsonProblem)
    const isNullable = isColumnNullable && !isOneOf(rangeOperators, operator)
    const canonical = canonicalValue({ type, isNullable }, value)
    if (canonical === undefined) throw invalidSelect(table, place, misfit({ type, isNullable }, value))
    return canonical
  }
}

const jsonProblem = 'json can be compared with null only, where the column is nullable'

function canonicalOrder(table: TableDefinition, orderBy: unknown): readonly OrderColumn[] {
  const option = 'orderBy'
  const order = (Array.isArray(orderBy) ? orderBy : [orderBy]).map((term: unknown): OrderColumn => {
    const [[column, direction] = [], another] =
      typeof term === 'string' ? [[term, 'asc'] as const] : isPlain(term) ? Object.entries(term) : []
    if (column === undefined || another !== undefined) {
      const problem = `${shown(term)} is neither a column nor an object with one column; several columns are a list`
      throw invalidSelect(table, { option }, problem)
    }
    if (columnOf(table, option, column).type === 'json') {
      throw invalidSelect(table, { option, column }, 'json has no order')
    }
    if (direction === 'asc' || direction === 'desc') return { column, direction }
    throw invalidSelect(table, { option, column }, `${shown(direction)} is no direction: give "asc" or "desc"`)
  })
  if (order.length > selectOrderColumnsMax) {
    throw invalidSelect(table, { option }, `there are more than ${selectOrderColumnsMax} columns`)
  }
  const twice = order.find(({ column }, index) => order.findIndex((each) => each.column === column) < index)
  if (twice) throw invalidSelect(table, { option, column: twice.column }, 'the column is given twice')
  // One direction throughout lets a database read an index backwards.
  const direction = order.at(-1)?.direction ?? 'asc'
  const isOrdered = (name: string) => order.some(({ column }) => column === name)
  const missing = table.key.filter((name) => !isOrdered(name)).map((column) => ({ column, direction }))
  const all = [...order, ...missing]
  // No two rows have the same key, so nothing depends on columns behind it.
  return all.slice(0, 1 + all.findLastIndex(({ column }) => table.key.includes(column)))
}

function canonicalAfter(table: TableDefinition, order: readonly OrderColumn[], after: Row): Row {
  const option = 'after'
  if (!isPlain(after)) throw invalidSelect(table, { option }, `${shown(after)} is no row`)
  for (const column of Object.keys(after)) columnOf(table, option, column)
  const values = order.map(({ column }) => {
    const definition = table.columns[column]!
    const given = Object.hasOwn(after, column) ? after[column] : undefined
    const value = canonicalValue(definition, given)
    if (value === undefined) throw invalidSelect(table, { option, column }, misfit(definition, given))
    return [column, value]
  })
  return Object.fromEntries(values)
}

function columnOf(table: TableDefinition, option: SelectPlace['option'], column: string): Column {
  if (Object.hasOwn(table.columns, column)) return table.columns[column]!
  throw invalidSelect(table, { option, column }, 'there is no such column')
}

/** Not a Date, a list and the like: these are values, which no column has. Objects of another realm (Jest runs tests in one) are plain too. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function isOneOf<Word extends string>(words: readonly Word[], word: string): word is Word {
  return (words as readonly string[]).includes(word)
}

/** The part of the options that an error is about. */
export interface SelectPlace {
  readonly option: 'where' | 'orderBy' | 'after' | 'limit'
  readonly column?: string
  readonly operator?: string
}

function invalidSelect({ name }: TableDefinition, place: SelectPlace, problem: string): IndelibleError {
  const path = [place.option, place.column, place.operator].filter((part) => part !== undefined).join('.')
  return new IndelibleError('invalid_select', `Table "${name}", ${path}: ${problem}.`, {
    details: { table: name, ...place },
  })
}
