// Conditions and order of a page over rows in memory. Every database gives the same rows in the same order.
import type { Row } from '../kernel/tables.ts'
import { compareTexts } from '../kernel/text.ts'
import type { CanonicalSelect, Condition, OrderColumn } from './canonical-select.ts'

export function selectedRows(rows: Iterable<Row>, { where, order, after, limit }: CanonicalSelect): readonly Row[] {
  const compare = comparing(order)
  return [...rows]
    .filter((row) => meets(where, row))
    .filter((row) => !after || compare(row, after) > 0)
    .sort(compare)
    .slice(0, limit)
}

/** Whether a row meets all conditions. */
export function meets(where: readonly Condition[], row: Row): boolean {
  return where.every((condition) => isMet(condition, row))
}

function isMet(condition: Condition, row: Row): boolean {
  const value = row[condition.column]
  if ('values' in condition) return condition.values.includes(value) === (condition.operator === 'in')
  const { operator, value: wanted } = condition
  if (operator === 'eq') return value === wanted
  if (operator === 'ne') return value !== wanted
  if (value === null) return false
  const compared = compareValues(value, wanted)
  if (operator === 'lt') return compared < 0
  if (operator === 'lte') return compared <= 0
  return operator === 'gt' ? compared > 0 : compared >= 0
}

function comparing(order: readonly OrderColumn[]): (left: Row, right: Row) => number {
  return (left, right) => {
    for (const { column, direction } of order) {
      const compared = compareValues(left[column], right[column])
      if (compared !== 0) return direction === 'asc' ? compared : -compared
    }
    return 0
  }
}

/** Null is after all values. Days and times are in the order of their texts. */
function compareValues(left: unknown, right: unknown): number {
  if (left === right) return 0
  if (left === null) return 1
  if (right === null) return -1
  if (typeof left === 'string') return compareTexts(left, right as string)
  return (left as number) < (right as number) ? -1 : 1
}
