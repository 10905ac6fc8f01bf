// Rows as they are kept: every adapter passes what it is given through here, so that all of them refuse the same and give back the same values.
import { IndelibleError } from '../kernel/errors.ts'
import type { Columns, ColumnType, Row, TableDefinition } from '../kernel/tables.ts'
import { epochMs, instant } from '../kernel/time.ts'
import { type SelectOptions, selectLimitDefault } from './read-tables.ts'

/** A whole row in the one form that comes back from every database. Throws `invalid_row`, naming the column. */
export function keptRow(table: TableDefinition, row: Row): Row {
  return kept(table.name, table.columns, row)
}

/** The key columns of a row or key, likewise. */
export function keptKey({ name, columns, key }: TableDefinition, row: Row): Row {
  const values: Record<string, unknown> = {}
  for (const column of Object.keys(row)) {
    if (!Object.hasOwn(columns, column)) throw invalidRow(name, column, 'there is no such column')
    if (key.includes(column)) values[column] = row[column]
  }
  return kept(name, Object.fromEntries(key.map((column) => [column, columns[column]!])), values)
}

/** What a page is asked for, likewise. JSON has no order and no form of its own, so it cannot be compared with. */
export function keptSelect(
  table: TableDefinition,
  { where = {}, after, limit = selectLimitDefault }: SelectOptions,
): { where: Row; after: Row | undefined; limit: number } {
  const { name, columns } = table
  const compared = Object.fromEntries(Object.entries(columns).filter(([column]) => Object.hasOwn(where, column)))
  for (const [column, { type }] of Object.entries(compared)) {
    if (type === 'json') throw invalidRow(name, column, 'json cannot be compared with')
  }
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new IndelibleError('invalid_row', `Table "${name}": a limit is a whole number from 0 on, not ${limit}.`)
  }
  return { where: kept(name, compared, where), after: after && keptKey(table, after), limit }
}

function kept(table: string, columns: Columns, row: Row): Row {
  const stranger = Object.keys(row).find((column) => !Object.hasOwn(columns, column))
  if (stranger !== undefined) throw invalidRow(table, stranger, 'there is no such column')
  const values: Record<string, unknown> = {}
  for (const [column, { type, isNullable }] of Object.entries(columns)) {
    const given = Object.hasOwn(row, column) ? row[column] : undefined
    const value = given === null ? (isNullable ? null : undefined) : keep[type](given)
    if (value === undefined)
      throw invalidRow(table, column, `${shown(given)} is not ${type}${isNullable ? ' or null' : ''}`)
    values[column] = value
  }
  return values
}

/** The value as it comes back from a database, or undefined if it would not fit or come back as another. */
const keep: Record<ColumnType, (value: unknown) => unknown> = {
  // NUL has no place in Postgres, and half of a surrogate pair has no UTF-8: it would come back as U+FFFD.
  text: (value) => (typeof value === 'string' && !value.includes('\0') && value.isWellFormed() ? value : undefined),
  // -0 comes back as 0.
  integer: (value) =>
    Number.isInteger(value) && Math.abs(value as number) <= 0x7fffffff ? (value as number) + 0 : undefined,
  bigint: (value) => (Number.isSafeInteger(value) ? (value as number) + 0 : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  date: (value) => (dateForm.test(String(value)) && isTime(value) ? value : undefined),
  timestamp(value) {
    const utc = timestampForm.test(String(value)) && isTime(value) ? instant(epochMs(value)) : ''
    return yearForm.test(utc) ? utc : undefined
  },
  json(value) {
    const text = jsonText(value)
    return text === undefined || unkeepable.test(text) ? undefined : JSON.parse(text)
  },
}

const dateForm = /^\d{4}-\d{2}-\d{2}$/
const timestampForm = /^\d{4}-\d{2}-\d{2}T/
/** Postgres knows no year 0, and texts of other years would not sort. */
const yearForm = /^(?!0000)\d{4}-/
/** JSON.stringify writes NUL and halves of surrogate pairs as escapes, and Postgres takes neither. */
const unkeepable = /(?<!\\)(\\\\)*\\u(0000|d[89a-f][0-9a-f]{2})/

function isTime(value: unknown): value is string {
  try {
    epochMs(value as string)
    return yearForm.test(value as string)
  } catch {
    return false
  }
}

function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

function shown(value: unknown): string {
  return jsonText(value) ?? `a ${typeof value}`
}

function invalidRow(table: string, column: string, problem: string): IndelibleError {
  return new IndelibleError('invalid_row', `Table "${table}", column "${column}": ${problem}.`, {
    details: { table, column },
  })
}
