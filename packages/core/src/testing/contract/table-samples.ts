// What the cases of the contract of read tables share: tables, rows, and the ways to write and read them.
import assert from 'node:assert/strict'
import {
  bigint,
  boolean,
  type Columns,
  date,
  integer,
  json,
  keyColumns,
  type Row,
  stagingTable,
  type TableDefinition,
  text,
  timestamp,
} from '../../kernel/tables.ts'
import type { Checkpoint } from '../../store/port.ts'
import type { Parked, ReadTables, TableChange, TableState } from '../../store/read-tables.ts'
import type { SelectOptions } from '../../store/select.ts'

export const accounts = table('accounts', { account_id: text().key(), owner: text().index(), balance: bigint() })
export const entries = table('entries', {
  account_id: text().key(),
  entry: bigint().key(),
  amount: integer().nullable(),
})
export const samples = table('samples', {
  id: integer().key(),
  words: text().nullable(),
  small: integer().nullable(),
  large: bigint().nullable(),
  flag: boolean().nullable().index(),
  day: date().nullable(),
  at: timestamp().nullable().index(),
  doc: json().nullable().index(),
})

export const unavailable = { code: 'tables_unavailable' }

export const refilled = { ...accounts, fingerprint: 'accounts-2' }
export const reshaped = table('accounts', { account_id: bigint().key(), open: boolean() }, 'accounts-3')

/** The table that is to take the place of `accounts`. */
export const staging = stagingTable(refilled)

/** Values that one of the columns of a sample cannot hold. */
export const unfit: readonly Row[] = [
  { words: 5 },
  { words: undefined },
  { words: 'nul \0' },
  { words: 'half a pair \ud83d' },
  { small: 2 ** 31 },
  { small: 1.5 },
  { small: '1' },
  { large: 2 ** 53 },
  { large: Number.POSITIVE_INFINITY },
  { flag: 'true' },
  { flag: 1 },
  { day: '2026-02-30' },
  { day: '2026-1-1' },
  { day: '0000-01-01' },
  { day: '0001-01-00' },
  { day: '2026-13-01' },
  { day: new Date(0) },
  { at: '2026-11-23' },
  { at: '2026-02-30T00:00:00Z' },
  { at: '2026-11-23T04:28:43' },
  { at: '2026-11-23T25:00:00Z' },
  { at: '0001-01-00T00:00:00Z' },
  { at: '0000-12-31T23:59:59Z' },
  { at: '0001-01-01T00:00:00+01:00' },
  { at: '9999-12-31T23:59:59-01:00' },
  { doc: undefined },
  { doc: () => 1 },
  { doc: Number.NaN },
  { doc: { nested: [Number.NEGATIVE_INFINITY] } },
  { doc: { nested: ['nul \0'] } },
  { doc: { 'half a pair \udc00': 1 } },
  { doc: '\\\0' },
  { id: null },
  { nosuch: 1 },
]

export const hostile = [
  `'; DROP TABLE accounts; --`,
  `" OR ""="`,
  `\\'; SELECT 1; /*`,
  '$1 $$ $body$ %s ? :name {a,b} {"a":1}',
  'NULL',
  'null',
  '\\N',
  '\\x00',
  '%',
  '_',
  ' leading and trailing ',
  'two\nlines\r\nand\ta tab',
  '<script>alert(1)</script>',
  '\u202eright to left\u202c\u200b\u00ad',
  '\u0001\u001f\u007f\u0085\u2028',
  '😀👩‍👩‍👧‍👦 𐍈 ﷽',
  'x'.repeat(2_000),
]

export function table(name: string, columns: Columns, fingerprint = `${name}-1`): TableDefinition {
  return { name, columns, key: keyColumns(name, columns), fingerprint, code: 'code' }
}

export function account(account_id: string, balance = 0) {
  return { account_id, owner: 'ann', balance }
}

export function sample(id: number): Record<string, unknown> {
  return { id, words: null, small: null, large: null, flag: null, day: null, at: null, doc: null }
}

export function key({ account_id }: { account_id: string }): Row {
  return { account_id }
}

/** A change up to a position of some history. */
export function change({
  to,
  ...parts
}: Partial<Omit<TableChange, 'to'>> & { table: TableDefinition; to: number }): TableChange {
  return { upserts: [], removals: [], from: 0, ...parts, to: at(to) }
}

/** The checkpoint at a position of some history. */
export function at(position: number): Checkpoint {
  return { position, history: `history up to ${position}` }
}

export async function saved(tables: ReadTables, parts: Parameters<typeof change>[0]): Promise<void> {
  assert.equal(await tables.save(change(parts)), 'saved')
}

export async function position(tables: ReadTables, definition: TableDefinition): Promise<number> {
  return (await tables.state(definition)).position
}

/** A state without what differs from one table to the next. */
export function filledBy({ fingerprint, position }: TableState): Pick<TableState, 'fingerprint' | 'position'> {
  return { fingerprint, position }
}

export async function scanned(
  tables: ReadTables,
  definition: TableDefinition,
): Promise<{ state: TableState; rows: Row[] }> {
  const rows: Row[] = []
  const state = await tables.scan(definition, (some) => rows.push(...some))
  return { state, rows }
}

/** All rows, a page after the other. */
export async function paged(
  tables: ReadTables,
  definition: TableDefinition,
  options: SelectOptions & { readonly limit: number },
): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const page = await tables.select(definition, { ...options, after: rows.at(-1) })
    assert.ok(page.length <= options.limit)
    rows.push(...page)
    if (page.length < options.limit) return rows
  }
}

/** Rows in one order, to compare what may come in any. */
export function byKey(rows: readonly Row[]): readonly Row[] {
  return rows
    .map((row) => ({ at: JSON.stringify(row), row }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ row }) => row)
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

export const parked: Parked = {
  position: 8,
  eventId: '019aaf34-0000-7000-8000-000000000000',
  type: 'FundsWithdrawn',
  stream: 'account-a-1',
  row: { account_id: 'a-1', owner: 'ann', balance: 5 },
  message: 'nul \0, half a pair \ud83d and "quotes"\n',
  code: 'row_missing',
  fingerprint: 'accounts-2',
  at: '2026-11-23T04:28:43.125Z',
}
