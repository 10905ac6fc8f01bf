// The first rows of a table, as fast as Postgres takes them: COPY into a table without indexes, which are then made at once.
import type { Checkpoint, Row, TableDefinition } from 'indelible'
import { canonicalRow } from 'indelible/adapter'
import type { Copy, Query } from './database.ts'
import { ofCaller } from './faults.ts'
import { indexMsMax } from './limits.ts'
import { stateOf } from './records.ts'
import { copyTarget, createIndexes, createTable, quoted, recordsTable } from './sql.ts'
import { copyLine, pieceCharsMax } from './types.ts'

/** The rows that are sent at a time, fewer where they are large. */
const batchRowsMax = 10_000

/** The table is made once more for it, and readers wait. Nobody else has written it: a change would hold this lock too, and leave another checkpoint. */
export async function fillTable(
  { query, copy, schema }: { query: Query; copy: Copy; schema: string },
  {
    table,
    rows,
    to,
    generation,
  }: { table: TableDefinition; rows: Iterable<Row>; to: Checkpoint; generation: number | undefined },
): Promise<'saved' | 'superseded'> {
  const { name, fingerprint } = table
  const target = quoted(schema, name)
  await query(`LOCK TABLE ${target} IN ACCESS EXCLUSIVE MODE`)
  const state = await stateOf(query, schema, name)
  if (state?.fingerprint !== fingerprint || state.position !== 0) return 'superseded'
  if ((generation ?? state.generation) !== state.generation) return 'superseded'
  const some = await query(`SELECT 1 FROM ${target} LIMIT 1`)
  if (some.length > 0) return 'superseded'
  await query(`DROP TABLE ${target}`)
  await query(createTable(schema, table))
  await send(batches(table, rows), (lines) => copy(copyTarget(schema, table), lines))
  for (const statement of createIndexes(schema, table)) await query(statement, [], { timeoutMs: indexMsMax })
  const sql = `UPDATE ${quoted(schema, recordsTable)} SET position = $1, history = $2, updated_at = now() WHERE name = $3`
  await query(sql, [to.position, to.history, name])
  return 'saved'
}

/** While the database takes one batch, the next is made. */
async function send(batches: Iterable<string>, copy: (lines: string) => Promise<unknown>) {
  let sending: Promise<unknown> = Promise.resolve()
  try {
    for (const lines of batches) {
      await sending
      sending = copy(lines)
    }
  } finally {
    await sending
  }
}

function* batches(table: TableDefinition, rows: Iterable<Row>): Generator<string> {
  const iterator = rows[Symbol.iterator]()
  const line = copyLine(table)
  for (;;) {
    const lines = ofCaller(() => take(iterator, (row) => line(canonicalRow(table, row))))
    if (lines === '') return
    yield lines
  }
}

function take(iterator: Iterator<Row>, line: (row: Row) => string): string {
  let lines = ''
  for (let count = 0; count < batchRowsMax && lines.length < pieceCharsMax; count++) {
    const { value, done } = iterator.next()
    if (done) break
    lines += line(value)
  }
  return lines
}
