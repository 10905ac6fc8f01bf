// Whether the code of a projection makes the same rows as the code that filled its table under the same version. A sample of the rows is compared with a
// fold of the log. A comparison of the source text would not do: the same code has another text when it is built or minified.
import { keyText, type Row } from '../../../kernel/tables.ts'
import type { TableState } from '../../../store/read-tables.ts'
import { rowsComparedMax } from '../../limits.ts'
import type { ProjectionContext } from '../context.ts'
import { foldFromZero } from '../fold/index.ts'
import { rowText } from './content-hash.ts'
import type { TableDifference } from './verify.ts'

/** Some rows of a table at its checkpoint. */
export interface Sample {
  readonly of: TableState
  readonly rows: readonly Row[]
}

/** The runner of the projection takes it before it writes, so that rows and checkpoint belong together. */
export async function takeSample({ projection, tables }: ProjectionContext, of: TableState): Promise<Sample> {
  return { of, rows: await tables.select(projection.table, { limit: rowsComparedMax }) }
}

/** The first row that differs, or nothing. Throws {@link FoldStopped}, `aborted`, and what the store throws. */
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
  // If the table has fewer rows than a sample takes, the sample is the whole table, and the log must not make more rows.
  if (rows.length < rowsComparedMax && count > rows.length) return { key: {}, table: null, log: null }
  return undefined
}
