// What a caller says about rows, as the options of `select`. Values may be given as text, as in a URL: the columns of the table say what they mean.
import { isIndelibleError } from '../kernel/errors.ts'
import type { Column, ColumnType, Row, TableDefinition } from '../kernel/tables.ts'
import { canonicalSelect, type OrderColumn, operatorsOf, type SelectPlace } from '../store/canonical-select.ts'
import { canonicalKey } from '../store/rows.ts'
import type { SelectOptions } from '../store/select.ts'
import { invalid } from './parameters.ts'
import { rowAt } from './table-cursor.ts'

/** What a caller says: `{ where: { balance: { gte: 100 }, owner: 'Ann' }, orderBy: ['-balance'], after: cursor }`. */
export interface Asked {
  readonly where?: Readonly<Record<string, unknown>> | undefined
  readonly orderBy?: readonly string[] | undefined
  readonly after?: string | undefined
}

export interface Selection {
  readonly options: Pick<SelectOptions, 'where' | 'orderBy' | 'after'>
  /** The columns whose values a cursor has. */
  readonly order: readonly OrderColumn[]
}

/** Throws `invalid_parameter`. */
export function selectionIn({ where = {}, orderBy = [], after: cursor }: Asked, table: TableDefinition): Selection {
  const options = { where: whereIn(where, table), orderBy: orderBy.map(orderTermIn) }
  // Asks the declaration and not the table: rows of the table that do not fit are no fault of the caller.
  const { order } = fitting(where, () => canonicalSelect(table, options))
  if (cursor === undefined) return { options, order }
  const after = rowAt(cursor, order)
  fitting(where, () => canonicalSelect(table, { ...options, after }))
  return { options: { ...options, after }, order }
}

/** The key of a row. Throws `invalid_parameter`. */
export function keyIn(given: Readonly<Record<string, unknown>>, table: TableDefinition): Row {
  const missing = table.key.find((column) => given[column] === undefined)
  if (missing !== undefined) throw invalid('key', `The key column "${missing}" of "${table.name}" is missing.`)
  const stranger = Object.keys(given).find((column) => !table.key.includes(column))
  if (stranger !== undefined) throw invalid('key', `"${stranger}" is no key column of "${table.name}".`)
  const key = Object.fromEntries(table.key.map((column) => [column, typed(given[column], table.columns[column])]))
  try {
    return canonicalKey(table, key)
  } catch (error) {
    throw isIndelibleError(error, 'invalid_row') ? invalid('key', error.message) : error
  }
}

function whereIn(where: Readonly<Record<string, unknown>>, { columns }: TableDefinition): Row {
  const conditions = Object.entries(where).map(([name, given]) => {
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined
    const operators = isOperators(given)
      ? Object.entries(given).reduce(
          (all, [operator, value]) => withOperator(all, { name, column, operator, value }),
          noOperators,
        )
      : new Map([['eq', typed(given, column)]])
    return [name, Object.fromEntries(operators)]
  })
  return Object.fromEntries(conditions)
}

type Operators = ReadonlyMap<string, unknown>
const noOperators: Operators = new Map()

function isOperators(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

interface Condition {
  readonly name: string
  readonly column: Column | undefined
  readonly operator: string
  readonly value: unknown
}

function withOperator(operators: Operators, condition: Condition): Operators {
  const { name, column, operator, value } = condition
  const parameter = `where[${name}][${operator}]`
  if (operator !== 'isNull') return joined(operators, { parameter, operator, value: typed(value, column) })
  if (isTrue(value, parameter)) return joined(operators, { parameter, operator: 'eq', value: null })
  // Beside `ne`, which has one value.
  const hasLists = column !== undefined && operatorsOf(column).includes('notIn')
  return joined(
    operators,
    hasLists ? { parameter, operator: 'notIn', value: [null] } : { parameter, operator: 'ne', value: null },
  )
}

/** Lists of one operator are joined; any other operator may be given once. */
function joined(
  operators: Operators,
  { parameter, operator, value }: { parameter: string; operator: string; value: unknown },
): Operators {
  const there = operators.get(operator)
  if (there === undefined) return new Map([...operators, [operator, value]])
  if (Array.isArray(there) && Array.isArray(value)) return new Map([...operators, [operator, [...there, ...value]]])
  throw invalid(parameter, `"${parameter}" says ${operator} of this column a second time.`)
}

function isTrue(value: unknown, parameter: string): boolean {
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw invalid(parameter, `"${parameter}" must be true or false, not ${JSON.stringify(value)}.`)
}

function orderTermIn(term: string): Readonly<Record<string, 'asc' | 'desc'>> {
  return term.startsWith('-') ? { [term.slice(1)]: 'desc' } : { [term]: 'asc' }
}

function typed(value: unknown, column: Column | undefined): unknown {
  if (Array.isArray(value)) return value.map((each) => typed(each, column))
  return typeof value === 'string' && column ? valueIn(value, column.type) : value
}

/** What does not have the form of the type stays text, which the table then refuses. */
function valueIn(text: string, type: ColumnType): unknown {
  if (type === 'integer' || type === 'bigint') return /^-?\d{1,16}$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

function fitting<Result>(where: Readonly<Record<string, unknown>>, selected: () => Result): Result {
  try {
    return selected()
  } catch (error) {
    if (!isIndelibleError(error, 'invalid_select')) throw error
    throw invalid(parameterOf(error.details as unknown as SelectPlace, where), error.message)
  }
}

/** The parameter that an error is about, as the caller gave it. */
function parameterOf({ option, column, operator }: SelectPlace, where: Readonly<Record<string, unknown>>): string {
  if (option !== 'where') return option
  const given = column !== undefined && Object.hasOwn(where, column) ? where[column] : undefined
  if (!isOperators(given)) return `where[${column}]`
  const names = Object.keys(given)
  return `where[${column}][${names.find((name) => name === operator) ?? names.find((name) => name === 'isNull') ?? names[0]}]`
}
