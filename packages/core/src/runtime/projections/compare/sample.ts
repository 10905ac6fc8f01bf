// Whether the code of a projection makes the rows that a table has, which other code filled under the same version: a sample of the rows is compared with
// a fold of the log. The text of code says nothing by itself: the same code has another text when it is built or minified.
import { keyText, type Row } from '../../../kernel/tables.ts'
import type { TableState } from '../../../store/read-tables.ts'
import { rowsComparedMax } from '../../limits.ts'
import type { ProjectionContext } from '../context.ts'
import { foldFromZero } from '../fold/index.ts'
import { rowText } from './content-hash.ts'
import type { TableDifference } from './verify.ts'

/** Some rows of a table, as they were at its checkpoint. */
export interface Sample {
  readonly of: TableState
  readonly rows: readonly Row[]
}

/** To be taken by whoever runs the projection, before it writes: rows and checkpoint are then of one moment. */
export async function takeSample({ projection, tables }: ProjectionContext, of: TableState): Promise<Sample> {
  return { of, rows: await tables.select(projection.table, { limit: rowsComparedMax }) }
}

/** The first row that differs; nothing where all are the same. Throws {@link FoldStopped}, `aborted`, and what the store throws. */
export async function differenceFrom(
  { of: { position }, rows }: Sample,
  context: ProjectionContext,
  signal: AbortSignal,
): Promise<TableDifference | undefined> {
  const { table } = context.projection
  const columns = Object.keys(table.columns)
  const expected = new Map(rows.map((row) => [keyText(table.key, row), row]))
  const keyOf = (row: Row) => Object.fromEntries(table.key.map((column) => [column, row[column]]))
  let count = 0
  for (const log of (await foldFromZero(context, { to: position, signal })).rows()) {
    count++
    const text = keyText(table.key, log)
    const row = expected.get(text)
    if (!row) continue
    expected.delete(text)
    if (rowText(columns, row) !== rowText(columns, log)) return { key: keyOf(log), table: row, log }
  }
  for (const row of expected.values()) return { key: keyOf(row), table: row, log: null }
  // The sample is all of the table where that has fewer rows: then there is none that the table lacks.
  if (rows.length < rowsComparedMax && count > rows.length) return { key: {}, table: null, log: null }
  return undefined
}
