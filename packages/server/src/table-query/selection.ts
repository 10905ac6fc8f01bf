// The query of a request as the options of `select`: `where[column][operator]=value`, `orderBy=-column,column` and a cursor.
import { type ColumnType, isIndelibleError, type Row, type SelectOptions, type TableDefinition } from 'indelible'
import { canonicalSelect, type OrderColumn, operatorsOf, type SelectPlace } from 'indelible/adapter'
import { invalid } from '../parameters.ts'
import { rowAt } from './cursor.ts'

export interface Selection {
  readonly options: Pick<SelectOptions, 'where' | 'orderBy' | 'after'>
  /** The columns whose values a cursor has. */
  readonly order: readonly OrderColumn[]
}

/** Brackets, because a column may have the name of another parameter. */
const filterForm = /^where\[([^[\]]+)\](?:\[([^[\]]+)\])?$/
const listForm = /\[(in|notIn)\]$/

export function isSelectionParameter(name: string): boolean {
  return name === 'orderBy' || filterForm.test(name)
}

/** Whether a parameter may be given several times, once for each value. */
export function isListParameter(name: string): boolean {
  return filterForm.test(name) && listForm.test(name)
}

/** Throws `invalid_parameter`. */
export function selectionIn(request: Request, table: TableDefinition, cursor: string | undefined): Selection {
  const { searchParams } = new URL(request.url)
  const options = { where: whereIn(searchParams, table), orderBy: orderByIn(searchParams.get('orderBy')) }
  // Asked of the declaration and not of the table, whose own rows may not fit it either: that is no fault of the request.
  const { order } = fitting(searchParams, () => canonicalSelect(table, options))
  if (cursor === undefined) return { options, order }
  const after = rowAt(cursor, order)
  fitting(searchParams, () => canonicalSelect(table, { ...options, after }))
  return { options: { ...options, after }, order }
}

function whereIn(searchParams: URLSearchParams, table: TableDefinition): Row {
  const where = new Map<string, Map<string, unknown>>()
  for (const [parameter, text] of searchParams) {
    const [, column, operator = 'eq'] = filterForm.exec(parameter) ?? []
    if (column === undefined) continue
    const operators = where.get(column) ?? new Map<string, unknown>()
    where.set(column, operators)
    const definition = Object.hasOwn(table.columns, column) ? table.columns[column] : undefined
    const value = definition ? valueIn(text, definition.type) : text
    if (isListParameter(parameter)) addTo(operators, operator, value)
    else if (operator !== 'isNull') setOnce(operators, { operator, value, parameter })
    else if (isTrue(text, parameter)) setOnce(operators, { operator: 'eq', value: null, parameter })
    // Beside `ne`, which has one value.
    else if (definition && operatorsOf(definition).includes('notIn')) addTo(operators, 'notIn', null)
    else setOnce(operators, { operator: 'ne', value: null, parameter })
  }
  return Object.fromEntries([...where].map(([column, operators]) => [column, Object.fromEntries(operators)]))
}

function addTo(operators: Map<string, unknown>, operator: string, value: unknown): void {
  operators.set(operator, [...((operators.get(operator) as readonly unknown[] | undefined) ?? []), value])
}

function setOnce(
  operators: Map<string, unknown>,
  { operator, value, parameter }: { operator: string; value: unknown; parameter: string },
): void {
  if (operators.has(operator)) throw invalid(parameter, `"${parameter}" says ${operator} of this column a second time.`)
  operators.set(operator, value)
}

function isTrue(text: string, parameter: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw invalid(parameter, `"${parameter}" must be true or false, not "${text}".`)
}

function orderByIn(text: string | null): readonly Readonly<Record<string, 'asc' | 'desc'>>[] {
  if (text === null) return []
  return text
    .split(',')
    .map((term) => (term.startsWith('-') ? { [term.slice(1)]: 'desc' as const } : { [term]: 'asc' as const }))
}

/** What does not have the form of the type stays text, which the table then refuses. */
function valueIn(text: string, type: ColumnType): unknown {
  if (type === 'integer' || type === 'bigint') return /^-?\d{1,16}$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

function fitting<Result>(searchParams: URLSearchParams, selected: () => Result): Result {
  try {
    return selected()
  } catch (error) {
    if (!isIndelibleError(error, 'invalid_select')) throw error
    throw invalid(parameterOf(error.details as unknown as SelectPlace, searchParams), error.message)
  }
}

/** The parameter of the request that an error is about. */
function parameterOf({ option, column, operator }: SelectPlace, searchParams: URLSearchParams): string {
  if (option !== 'where') return option
  const filter = `where[${column}]`
  const names = [`${filter}[${operator}]`, filter, `${filter}[isNull]`]
  const given = [...searchParams.keys()]
  return names.find((name) => given.includes(name)) ?? given.find((name) => name.startsWith(filter)) ?? 'where'
}
