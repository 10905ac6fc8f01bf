// The port to the database of the read tables: rows and the checkpoint of their projection change in one transaction.
import type { Position } from '../kernel/positions.ts'
import type { Row, TableDefinition } from '../kernel/tables.ts'

/** What a batch of events did to a table. Rows are whole; keys hold the key columns only. */
export interface TableChange {
  readonly table: TableDefinition
  /** At most one per key. Inserted or replaced. */
  readonly upserts: readonly Row[]
  /** Disjoint from the keys of `upserts`. A key that is not there is no error. */
  readonly removals: readonly Row[]
  /** The checkpoint that the batch began at. */
  readonly from: Position
  /** The checkpoint after it. */
  readonly to: Position
}

export interface SelectOptions {
  /** Columns that must equal these values. */
  readonly where?: Row
  /** Rows after this key, in key order: the last row of the page before. */
  readonly after?: Row
  /** 100 when left out. */
  readonly limit?: number
}

/** The rows a page has when nobody says how many. */
export const selectLimitDefault = 100

/** Throws `tables_unavailable` where the database does not answer, `invalid_row` where a column or value does not fit. */
export interface ReadTables {
  /** Creates the table at checkpoint 0, or creates it anew if its fingerprint changed. Gives the checkpoint. */
  open(table: TableDefinition): Promise<Position>
  /** The rows with these keys, in any order, without those that are not there. */
  load(table: TableDefinition, keys: readonly Row[]): Promise<readonly Row[]>
  /** Writes rows and checkpoint in one transaction, unless the checkpoint is no longer `from`: then `superseded`, and nothing was written. */
  save(change: TableChange): Promise<'saved' | 'superseded'>
  /** One page in key order. */
  select(table: TableDefinition, options?: SelectOptions): Promise<readonly Row[]>
  checkpoint(table: TableDefinition): Promise<Position>
  close(): Promise<void>
}
