// A table that was made from another history: the log was put back from an older copy, or the tables belong to another log. What such a table shows
// can be neither kept nor gone on with.
import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { Checkpoint, EventStore } from '../../store/port.ts'
import type { ReadTables, TableState } from '../../store/read-tables.ts'
import { aheadLookMs, aheadMsMin } from '../limits.ts'
import { pause } from '../waiting.ts'

/** What the log says of a checkpoint that is not of its history. */
export interface Divergence {
  /** The position of the checkpoint. */
  readonly position: Position
  /** Of the log. A log that ends before the checkpoint was put back from an older copy; one that does not has gone on since. */
  readonly head: Position
}

type Logged = Pick<EventStore, 'head' | 'historyAt'>

/**
 * Whether something was derived from another history than that of this log; nothing where it fits. An abort counts as fitting.
 *
 * Another process may already read what this one does not count as written yet, so that it is certain only after a while that a log ends before a checkpoint.
 */
export async function divergenceOf(
  store: Logged,
  { position, history }: Checkpoint,
  signal: AbortSignal = new AbortController().signal,
): Promise<Divergence | undefined> {
  // What shows nothing fits any log.
  if (position === 0) return undefined
  for (const certainAt = performance.now() + aheadMsMin; !signal.aborted; ) {
    const found = await store.historyAt(position)
    if (found === history) return undefined
    if (found !== undefined || performance.now() >= certainAt) return { position, head: (await store.head()).position }
    await pause(aheadLookMs, signal)
  }
  return undefined
}

/** The same of a table, which is marked where it is so: it then stays diverged over restarts, and takes no more changes. */
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
    `Read table "${name}" was made from another history: it is at position ${position}, and ${log}. The log was put back from an older copy, or the table ` +
      `is of another log. It is built anew by whichever process runs the projection, or now by: indelible projections rebuild ${name}`,
    { details: { name, position, head } },
  )
}
