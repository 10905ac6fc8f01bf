// Columns that are kept elsewhere than beside a segment: another store has their bytes, and reads them whole.
import type { Position } from '../../kernel/positions.ts'
import { ColumnBatch } from './column-batch.ts'
import type { ColumnsOwner } from './column-file.ts'
import { loadSegment } from './loaded-segment.ts'
import { type ColumnsSource, readsColumns, SegmentColumns } from './segment-columns.ts'

export interface ColumnsInMemory {
  /** The types that the columns have. */
  readonly types: readonly string[]
  /** The events of some types in a range of positions, both inclusive. Nothing where there are none. `asked` gives each type its number. */
  batch(asked: ReadonlyMap<string, number>, range: { from: Position; to: Position }): Promise<ColumnBatch | undefined>
}

/**
 * Nothing where the bytes are not the columns of this owner, or this machine cannot read them. `logged` gives what the columns do not have, as bytes. Throws
 * a RangeError, also later, where the bytes are damaged.
 */
export async function columnsInMemory(
  bytes: Uint8Array,
  owner: ColumnsOwner,
  logged: ColumnsSource['logged'],
): Promise<ColumnsInMemory | undefined> {
  if (!readsColumns) return undefined
  const read = (into: Uint8Array, at: number) => {
    const found = bytes.subarray(at, at + into.length)
    into.set(found)
    return found.length
  }
  const file = { read: async (into: Uint8Array, at: number) => read(into, at), size: async () => bytes.length }
  const damaged = () => {
    throw new RangeError(`The columns of the events from position ${owner.firstPosition} on are damaged.`)
  }
  const columns = await SegmentColumns.open(file, owner, { read, logged, damaged })
  if (!columns) return undefined
  return {
    types: columns.plan.types.map(({ name }) => name),
    async batch(asked, { from, to }) {
      const loaded = await loadSegment(columns, file, asked)
      return loaded === undefined || loaded === 'none' ? undefined : new ColumnBatch(loaded, { asked, from, to })
    },
  }
}
