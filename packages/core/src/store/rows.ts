// Rows as they are kept: every adapter passes what it is given through here, so that all of them refuse the same and give back the same values.
import { IndelibleError } from '../kernel/errors.ts'
import { type Columns, type ColumnType, checkRow, type Row, type TableDefinition } from '../kernel/tables.ts'
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
  checkRow({ name: table, columns }, row)
  const values: Record<string, unknown> = {}
  for (const [column, { type }] of Object.entries(columns)) {
    const value = row[column]
    values[column] = value === null ? null : keep[type](value as never)
    if (values[column] === undefined) throw invalidRow(table, column, `${shown(value)} cannot be kept as ${type}`)
  }
  return values
}

/** The value as it comes back, or undefined if it would not. `checkRow` has seen to its type. */
const keep: Record<ColumnType, (value: never) => unknown> = {
  // Half of a surrogate pair has no UTF-8: it would come back as U+FFFD.
  text: (value: string) => (value.isWellFormed() ? value : undefined),
  // -0 comes back as 0.
  integer: (value: number) => value + 0,
  bigint: (value: number) => value + 0,
  boolean: (value: boolean) => value,
  date: (value: string) => (inCalendar(value) ? value : undefined),
  timestamp(value: string) {
    const utc = inCalendar(value) ? instant(epochMs(value)) : ''
    return yearForm.test(utc) ? utc : undefined
  },
  json(value: unknown) {
    const text = jsonText(value)
    return text === undefined || unkeepable.test(text) ? undefined : JSON.parse(text)
  },
}

/** Postgres knows no year 0, and texts of other years would not sort. */
const yearForm = /^(?!0000)\d{4}-/
/** JSON.stringify writes NUL and halves of surrogate pairs as escapes, and Postgres takes neither. */
const unkeepable = /(?<!\\)(\\\\)*\\u(0000|d[89a-f][0-9a-f]{2})/

function inCalendar(time: string): boolean {
  const day = time.slice(0, 10)
  try {
    // Date.parse takes some days that there are not for others, so the day has to come out as it went in.
    return (
      yearForm.test(day) && instant(epochMs(`${day}T00:00:00.000Z`)).startsWith(day) && !Number.isNaN(epochMs(time))
    )
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
