// A read table as of a point of history, in the database beside the live one, for SQL.
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import type { Projection } from '../kernel/projections.ts'
import { pastTable, type Row } from '../kernel/tables.ts'
import type { Guard } from '../runtime/guard/index.ts'
import { historyUpTo } from '../store/history.ts'
import type { EventStore } from '../store/port.ts'
import type { ReadTables } from '../store/read-tables.ts'
import { type PointOfLog, reachOf } from './points.ts'
import { rowsAt } from './view-as-of.ts'

export interface PastTable {
  /** `<name>__past`. */
  readonly table: string
  readonly rows: number
  /** Everything up to here was known. */
  readonly position: Position
}

export interface KeepPastOptions {
  /** Now when left out. */
  readonly asOf?: PointOfLog | undefined
  readonly signal?: AbortSignal | undefined
}

interface Parts {
  readonly store: EventStore
  readonly tables: ReadTables
  readonly guard: Guard
}

/**
 * Folds a read table as of a point, and writes it into `<name>__past` in place of what is there. All rows are in memory meanwhile.
 * Throws `projection_parked` if a handler fails, `projection_busy` if another process writes that table, `invalid_position`, `invalid_time`, `tables_unavailable`.
 */
export async function keepPast(
  { store, tables, guard }: Parts,
  projection: Projection,
  { asOf, signal }: KeepPastOptions,
): Promise<PastTable> {
  const { position: head } = await store.head()
  const reach = await reachOf(store, asOf)
  const position = reach.to ?? head
  if (position > head)
    throw new IndelibleError('invalid_position', `The log ends at position ${head}. What comes after it is not known.`)
  const rows = await rowsAt(store, projection, { reach: { ...reach, to: position }, signal, guard })
  const past = pastTable(projection.table)
  await tables.drop(past.name)
  await tables.open(past)
  if (position > 0) await fill(tables, { past, rows, to: { position, history: await historyUpTo(store, position) } })
  return { table: past.name, rows: rows.length, position }
}

async function fill(
  tables: ReadTables,
  { past, rows, to }: { past: Projection['table']; rows: readonly Row[]; to: { position: Position; history: string } },
): Promise<void> {
  if ((await tables.bulkLoad(past, rows, to)) === 'saved') return
  throw new IndelibleError('projection_busy', `Another process writes ${past.name} at the same time. Ask again.`)
}
