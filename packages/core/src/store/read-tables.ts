// The port to the database of the read tables: rows and the checkpoint of their projection change in one transaction.
import type { Position } from '../kernel/positions.ts'
import type { historyTable, Row, TableDefinition } from '../kernel/tables.ts'
import type { Instant } from '../kernel/time.ts'
import type { Checkpoint } from './port.ts'
import type { SelectOptions } from './select.ts'

/** What a batch of events did to a table. Rows are whole; keys hold the key columns only. */
export interface TableChange extends Fence {
  readonly table: TableDefinition
  /** At most one per key. Inserted or replaced. */
  readonly upserts: readonly Row[]
  /** Disjoint from the keys of `upserts`. A key that is not there is no error. */
  readonly removals: readonly Row[]
  /** For a table with history: every version of these rows, in the order of the log, at most one for a key and a position. */
  readonly versions?: readonly RowVersion[]
  /** The position of the checkpoint that the batch began at. */
  readonly from: Position
  /** The checkpoint after it. */
  readonly to: Checkpoint
}

/** A row as it was from an event on, until the next version of the same row. */
export interface RowVersion {
  /** The key columns. */
  readonly key: Row
  /** Null: the row was removed. */
  readonly row: Row | null
  readonly position: Position
  readonly recordedAt: Instant
}

/** Which table of this name the caller means. */
export interface Fence {
  /** When given, a table of another generation that has the name now is not changed. */
  readonly generation?: number
}

/** Which code filled a table, and how far: everything up to its checkpoint is in its rows. At position 0 it shows nothing, and its history is ''. */
export interface TableState extends Checkpoint {
  readonly fingerprint: string
  /** A hint at the code that filled it; see `TableDefinition`. */
  readonly code: string
  /** No two tables that ever had a name have the same. */
  readonly generation: number
  /** Whether the table was found to be made from another history than that of the log. It stays so until another table replaces it. */
  readonly isDiverged: boolean
}

/** Why a projection stands still at an event, and what its handler was given. */
export interface Parked {
  /** Of the event, which is not in the table. */
  readonly position: Position
  readonly eventId: string
  readonly type: string
  readonly stream: string
  /** The row that the handler was given; null where there was none. */
  readonly row: Row | null
  readonly message: string
  /** Where the error was one of ours. */
  readonly code?: string
  /** Of the code that failed. */
  readonly fingerprint: string
  readonly at: Instant
}

/** Everything about a table except its rows. */
export interface TableRecord extends TableState {
  readonly name: string
  /** When rows or checkpoint were last written. */
  readonly updatedAt: Instant
  readonly isPaused: boolean
  readonly parked: Parked | null
  /** Who runs the projection now. */
  readonly holder: string | null
}

/** The answer to a request to run a projection. */
export interface Lease {
  readonly isHeld: boolean
  /** The holder: the caller, or another. */
  readonly holder: string
  readonly isPaused: boolean
  readonly isParked: boolean
}

/**
 * A table does not change when the code that fills it changes: another table is built under the name of `stagingTable`, and `replace` puts it in its place.
 *
 * Throws `tables_unavailable` where the database does not answer or the table is not there; `table_outdated` where it has other columns; `invalid_row` where a column or
 * value does not fit; `invalid_select` where the options of a page do not.
 */
export interface ReadTables {
  /** Creates the table at checkpoint 0, unless it exists. A table that other code filled is not changed; its state shows the fingerprint of that code. */
  open(table: TableDefinition): Promise<TableState>
  /** The same of a table that was opened before, by one cheap query. */
  state(table: TableDefinition): Promise<TableState>
  /** The rows with these keys, in any order, without those that are not there. */
  load(table: TableDefinition, keys: readonly Row[]): Promise<readonly Row[]>
  /**
   * Writes rows and checkpoint in one transaction, unless the position, the fingerprint or the generation is another, or the table is diverged: then
   * `superseded`, and nothing was written.
   */
  save(change: TableChange): Promise<'saved' | 'superseded'>
  /** `save` for the first rows of a table without history that is empty and at checkpoint 0, as fast as the database takes many. At most one row per key. */
  bulkLoad(
    table: TableDefinition,
    rows: Iterable<Row>,
    to: Checkpoint,
    options?: Fence,
  ): Promise<'saved' | 'superseded'>
  /** One page of the rows that meet the conditions, in a total order; see {@link SelectOptions}. With a position, of the rows at that position, of a table with history. */
  select(table: TableDefinition, options?: SelectOptions, at?: Position): Promise<readonly Row[]>
  /** Every row, all as of one moment, in lists, in no order. Returns the state of that moment. With `history`, the rows of its {@link historyTable}. */
  scan(
    table: TableDefinition,
    visit: (rows: readonly Row[]) => void,
    options?: { readonly history?: boolean },
  ): Promise<TableState>
  /**
   * Replaces the live table by the staging table, with its fingerprint and checkpoint, in one transaction. `behind`: the live table shows more, and is not
   * diverged. `superseded`: the staging table is not the one that the caller means.
   */
  replace(
    live: TableDefinition,
    staging: TableDefinition,
    options?: Fence,
  ): Promise<'replaced' | 'behind' | 'superseded'>
  /** Deletes a table and everything that is stored about it, if it exists. */
  drop(name: string): Promise<void>
  /** All tables by name, including those that are being built and those that were replaced. */
  list(): Promise<readonly TableRecord[]>
  /** Takes or renews the right to run the projection of a table for some time from now, unless another holder has it. The table must have been opened. */
  lease(name: string, options: { holder: string; ms: number }): Promise<Lease>
  /** Releases the lease. */
  release(name: string, holder: string): Promise<void>
  /** Stores whether the projection is paused. False when there is no such table. */
  setPaused(name: string, isPaused: boolean): Promise<boolean>
  /** Notes that code was found to make the same rows as those of the table, unless another one has its name by now. */
  setCode(name: string, code: string, fence: Required<Fence>): Promise<void>
  /** Notes that a table was made from another history, unless another one has its name by now. */
  setDiverged(name: string, fence: Required<Fence>): Promise<void>
  /** Stores why the projection stands still, or that it no longer does. */
  setParked(name: string, parked: Parked | null): Promise<void>
  close(): Promise<void>
}
