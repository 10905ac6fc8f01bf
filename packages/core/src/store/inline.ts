// Inline projections: read tables whose rows are written in the transaction that appends. Only a store can do that whose log is in the same database as the tables.
import type { RecordedEvent } from '../kernel/events.ts'
import type { Position } from '../kernel/positions.ts'
import type { Row, TableDefinition } from '../kernel/tables.ts'
import type { EventStore } from './port.ts'
import type { ReadTables, TableChange } from './read-tables.ts'

/** Folds the events of commits into the rows of one table. It does no I/O itself. */
export interface InlineFold {
  readonly table: TableDefinition
  /** The types of events, as they are recorded, that change the table. */
  readonly types: readonly string[]
  /**
   * What events, in the order of the log, make of the rows that `load` gives: those with these keys that are in the table before the first event. Undefined if a
   * handler fails. The table then stays behind, and whoever follows the log into it finds the same failure and parks the projection.
   */
  fold(
    events: readonly RecordedEvent[],
    load: (keys: readonly Row[]) => Promise<readonly Row[]>,
  ): Promise<InlineRows | undefined>
}

export type InlineRows = Pick<TableChange, 'upserts' | 'removals' | 'versions'>

export interface InlineWriting {
  /**
   * From now on every append of this store writes the rows of these tables in its own transaction. A table is left out as long as other code filled it, it is paused
   * or diverged, or it is far behind: then whoever follows the log brings it up. False if the tables are not in the database of the log. `wrote` is told what
   * a table shows after a transaction.
   */
  begin(
    tables: ReadTables,
    folds: readonly InlineFold[],
    wrote: (table: string, position: Position) => void,
  ): Promise<boolean>
  /** Runs work while no process appends. Appends wait meanwhile, so it must be short. */
  standstill<Result>(work: () => Promise<Result>): Promise<Result>
}

/** A store that can do so. */
export interface InlineStore extends EventStore {
  readonly inline: InlineWriting
}

export function inlineOf(store: EventStore): InlineWriting | undefined {
  return (store as Partial<InlineStore>).inline
}
