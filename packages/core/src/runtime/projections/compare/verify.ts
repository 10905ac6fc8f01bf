// Compares a live table with a fold of the whole log.
import { throwIfAborted } from '../../../kernel/abort.ts'
import type { Position } from '../../../kernel/positions.ts'
import { keyText, type Row } from '../../../kernel/tables.ts'
import { differencesMax } from '../../limits.ts'
import type { ProjectionContext } from '../context.ts'
import { divergenceOf, tableDiverged } from '../divergence.ts'
import { foldFromZero } from '../fold/index.ts'
import { rowText } from './content-hash.ts'

export interface TableDifference {
  readonly key: Row
  /** The row of the table, or null. */
  readonly table: Row | null
  /** The row that the log makes, or null. */
  readonly log: Row | null
}

export interface TableCheck {
  readonly name: string
  /** The number of rows in the table. */
  readonly rows: number
  /** The checkpoint that the comparison is for. */
  readonly position: Position
  /** The number of rows that differ. */
  readonly differing: number
  /** The first of them in the order of their keys, at most `differencesMax`. */
  readonly differences: readonly TableDifference[]
}

export interface CheckOptions {
  readonly progress?: ((done: Position, total: Position) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * The table may be followed meanwhile. All of its rows are held in memory, once as the table has them and once as the log makes them. Throws {@link FoldStopped}, `table_diverged`, `table_outdated`, `tables_unavailable`, `aborted`.
 */
export async function checkTable(
  context: Pick<ProjectionContext, 'projection' | 'store' | 'log' | 'tables' | 'guard'>,
  { progress, signal }: CheckOptions = {},
): Promise<TableCheck> {
  const { projection, store, tables } = context
  const { name, table } = projection
  const columns = Object.keys(table.columns)
  const there = new Map<string, Row>()
  const state = await tables.scan(table, (rows) => {
    throwIfAborted(signal)
    for (const row of rows) there.set(keyText(table.key, row), row)
  })
  const { position, isDiverged } = state
  const divergence = isDiverged
    ? { position, head: (await store.head()).position }
    : await divergenceOf(store, state, signal)
  if (divergence) throw tableDiverged(name, divergence)
  const rows = there.size
  const fold = await foldFromZero(context, { to: position, signal, progress: (at) => progress?.(at, position) })
  const differing: TableDifference[] = []
  const keyOf = (row: Row) => Object.fromEntries(table.key.map((column) => [column, row[column]]))
  for (const log of fold.rows()) {
    const text = keyText(table.key, log)
    const row = there.get(text) ?? null
    there.delete(text)
    if (row === null || rowText(columns, row) !== rowText(columns, log))
      differing.push({ key: keyOf(log), table: row, log })
  }
  for (const row of there.values()) differing.push({ key: keyOf(row), table: row, log: null })
  differing.sort((a, b) => (keyText(table.key, a.key) < keyText(table.key, b.key) ? -1 : 1))
  return { name, rows, position, differing: differing.length, differences: differing.slice(0, differencesMax) }
}
