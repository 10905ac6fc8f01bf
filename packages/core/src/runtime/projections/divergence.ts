// Tables that were made from another history: the log was restored from an older copy, or the tables belong to another log. Such a table must be rebuilt.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { Checkpoint, EventStore } from '../../store/port.ts'
import type { ReadTables, TableState } from '../../store/read-tables.ts'
import { aheadLookMs, aheadMsMin } from '../limits.ts'
import { pause } from '../waiting.ts'

/** A checkpoint that does not belong to the history of the log. */
export interface Divergence {
  /** The position of the checkpoint. */
  readonly position: Position
  /** The end of the log. If that is before the checkpoint, the log was restored from an older copy. Otherwise it has grown since then. */
  readonly head: Position
}

type Logged = Pick<EventStore, 'head' | 'historyAt'>

/**
 * Whether a checkpoint belongs to another history than this log has. Nothing if it fits, also after an abort.
 *
 * Another process may see events that this one does not count as written yet. So if the log ends before the checkpoint, this waits for a while to be sure.
 */
export async function divergenceOf(
  store: Logged,
  { position, history }: Checkpoint,
  signal: AbortSignal = new AbortController().signal,
): Promise<Divergence | undefined> {
  // An empty table fits any log.
  if (position === 0) return undefined
  for (const certainAt = performance.now() + aheadMsMin; !signal.aborted; ) {
    const found = await store.historyAt(position)
    if (found === history) return undefined
    if (found !== undefined || performance.now() >= certainAt) return { position, head: (await store.head()).position }
    await pause(aheadLookMs, signal)
  }
  return undefined
}

/** The same for a table. A diverged table is marked: it stays diverged after restarts, and takes no more changes. */
export async function divergenceOfTable(
  { store, tables }: { readonly store: Logged; readonly tables: ReadTables },
  { name, there }: { readonly name: string; readonly there: TableState },
  signal?: AbortSignal,
): Promise<Divergence | undefined> {
  if (there.isDiverged) return { position: there.position, head: (await store.head()).position }
  const divergence = await divergenceOf(store, there, signal)
  if (divergence) await tables.setDiverged(name, there)
  return divergence
}

export function tableDiverged(name: string, { position, head }: Divergence): IndelibleError {
  const log = head < position ? `the log ends at ${head}` : `the log, which ends at ${head}, has another event there`
  return new IndelibleError(
    'table_diverged',
    `Read table "${name}" was made from another history: it is at position ${position}, and ${log}. The log was restored from an older copy, or the ` +
      `table belongs to another log. The process that runs the projection rebuilds it. To rebuild it now: indelible projections rebuild ${name}`,
    { details: { name, position, head } },
  )
}
