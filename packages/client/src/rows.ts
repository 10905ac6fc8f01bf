// Conditions and orders of a read table as the query of a URL (docs/http.md).
import type { Columns, OrderBy, Where } from 'indelible'
import { ClientError } from './errors.ts'

export interface Selection<C extends Columns> {
  /** Conditions by column, all of which a row must meet: `{ owner: 'Ann', balance: { gte: 100 } }`. */
  readonly where?: Where<C>
  /** `'balance'`, `{ balance: 'desc' }`, or a list of these. */
  readonly orderBy?: OrderBy<C>
}

type Operators = Readonly<Record<string, unknown>>

/** Undefined if no row can meet the conditions. Throws `invalid_request` for what a URL cannot say. */
export function selectionQuery<C extends Columns>(
  { where = {}, orderBy = [] }: Selection<C>,
  others: Readonly<Record<string, unknown>>,
): URLSearchParams | undefined {
  const query = new URLSearchParams()
  for (const [column, given] of Object.entries(where as Operators)) {
    if (given === undefined) continue
    const operators = isOperators(given) ? given : { eq: given }
    for (const [operator, value] of Object.entries(operators)) {
      if (operator === 'in' && (value as readonly unknown[]).length === 0) return undefined
      for (const [name, text] of conditions(column, operator, value)) query.append(`where[${column}][${name}]`, text)
    }
  }
  const terms = (Array.isArray(orderBy) ? orderBy : [orderBy]).map(termOf)
  if (terms.length > 0) query.set('orderBy', terms.join(','))
  for (const [name, value] of Object.entries(others)) if (value !== undefined) query.set(name, String(value))
  return query
}

function conditions(column: string, operator: string, value: unknown): readonly (readonly [string, string])[] {
  if (value === undefined) return []
  if (value === null) return [['isNull', String(operator !== 'ne')]]
  if (!Array.isArray(value)) return [[operator, String(value)]]
  const texts = value.filter((each) => each !== null).map((each) => [operator, String(each)] as const)
  if (texts.length === value.length) return texts
  if (operator === 'notIn') return [...texts, ['isNull', 'false']]
  throw new ClientError(
    'invalid_request',
    `"${column}" is asked to be null or one of several values. A URL cannot say that: ask twice.`,
    { details: { column } },
  )
}

function termOf(term: unknown): string {
  if (typeof term === 'string') return term
  const [[column, direction]] = Object.entries(term as Operators) as [[string, unknown]]
  return direction === 'desc' ? `-${column}` : column
}

function isOperators(given: unknown): given is Operators {
  return typeof given === 'object' && given !== null
}
