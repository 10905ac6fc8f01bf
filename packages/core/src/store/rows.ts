// Canonical rows: every adapter converts its input here, so that all adapters refuse the same values and return the same values.
import { IndelibleError } from '../kernel/errors.ts'
import { shown } from '../kernel/shown.ts'
import type { Column, ColumnType, Row, TableDefinition } from '../kernel/tables.ts'
import { epochMs, instant, isDay } from '../kernel/time.ts'
import { canonicalJson } from './canonical-json.ts'

/** A whole row in the form that every database returns. Throws `invalid_row`, which names the column. */
export function canonicalRow(table: TableDefinition, row: Row): Row {
  assertObject(table, row, 'a row')
  const { all } = fieldsOf(table)
  const values = canonical(table, all, row)
  // Every column has a value, so there is another only if there are more.
  if (Object.keys(row).length > all.length) refuseStrangers(table, row)
  return values
}

/** The key columns of a row or key, likewise. */
export function canonicalKey(table: TableDefinition, row: Row): Row {
  assertObject(table, row, 'a key')
  refuseStrangers(table, row)
  return canonical(table, fieldsOf(table).key, row)
}

function canonical(table: TableDefinition, fields: readonly Field[], row: Row): Row {
  const values: Record<string, unknown> = {}
  for (const field of fields) {
    const { name } = field
    const given = Object.hasOwn(row, name) ? row[name] : undefined
    const value = canonicalValue(field, given)
    if (value === undefined) {
      refuseStrangers(table, row)
      throw invalidRow(table.name, name, misfit(field, given))
    }
    values[name] = value
  }
  return values
}

/** A value as every database returns it; undefined if the column cannot hold it. */
export function canonicalValue({ type, isNullable }: ValueType, given: unknown): unknown {
  if (given === null) return isNullable ? null : undefined
  return keep[type](given)
}

/** Why a column cannot hold a value, as part of a message. */
export function misfit({ type, isNullable }: ValueType, given: unknown): string {
  const wanted = `${type}${isNullable ? ' or null' : ''} (${forms[type]})`
  return given === undefined ? `there is no ${wanted}` : `${shown(given)} is not ${wanted}`
}

type ValueType = Pick<Column, 'type' | 'isNullable'>

/** A handler in JavaScript may return anything. */
function assertObject({ name, columns }: TableDefinition, row: unknown, what: string): void {
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return
  const given = Array.isArray(row) ? 'a list' : shown(row)
  const message = `Table "${name}": ${given} is not ${what}, which is an object by the columns: ${Object.keys(columns).join(', ')}.`
  throw new IndelibleError('invalid_row', message, { details: { table: name } })
}

function refuseStrangers({ name, columns }: TableDefinition, row: Row): void {
  const stranger = Object.keys(row).find((column) => !Object.hasOwn(columns, column))
  if (stranger !== undefined) throw invalidRow(name, stranger, 'there is no such column')
}

interface Field {
  readonly name: string
  readonly type: ColumnType
  readonly isNullable: boolean
}

/** Called for every row, so the columns of a table are listed once. */
function fieldsOf(table: TableDefinition): { readonly all: readonly Field[]; readonly key: readonly Field[] } {
  const known = fieldsOfTables.get(table)
  if (known) return known
  const field = (name: string) => ({
    name,
    type: table.columns[name]!.type,
    isNullable: table.columns[name]!.isNullable,
  })
  const fields = { all: Object.keys(table.columns).map(field), key: table.key.map(field) }
  fieldsOfTables.set(table, fields)
  return fields
}

const fieldsOfTables = new WeakMap<TableDefinition, ReturnType<typeof fieldsOf>>()

/** How an error message describes the values of each type. */
const forms: Record<ColumnType, string> = {
  text: 'a string without NUL and halves of surrogate pairs',
  integer: 'a whole number of 32 bits',
  bigint: 'a whole number from -(2^53 - 1) to 2^53 - 1, not a BigInt',
  boolean: 'true or false',
  date: 'a day such as "1993-01-31"',
  timestamp: 'a time such as "1993-01-31T10:00:00Z"',
  json: 'a value of JSON: no NaN, no BigInt, no NUL',
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
  date: (value) => (typeof value === 'string' && isDay(value) ? value : undefined),
  timestamp(value) {
    if (typeof value !== 'string') return undefined
    if (instantForm.test(value) && isDay(value.slice(0, 10))) return value
    const utc = timestampForm.test(value) && isTime(value) ? instant(epochMs(value)) : ''
    return yearForm.test(utc) ? utc : undefined
  },
  json: canonicalJson,
}

/** What `instant` writes, on any day. */
const instantForm = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/
const timestampForm = /^\d{4}-\d{2}-\d{2}T/
/** Postgres knows no year 0, and texts of other years would not sort. */
const yearForm = /^(?!0000)\d{4}-/
function isTime(value: string): boolean {
  try {
    epochMs(value)
    return yearForm.test(value)
  } catch {
    return false
  }
}

function invalidRow(table: string, column: string, problem: string): IndelibleError {
  return new IndelibleError('invalid_row', `Table "${table}", column "${column}": ${problem}.`, {
    details: { table, column },
  })
}
