// Loads the first rows of a table as fast as Postgres can: COPY into a table without indexes, then create the indexes.
import type { Checkpoint, Row, TableDefinition } from 'indelible'
import { canonicalRow } from 'indelible/adapter'
import { type Copy, type Query, runCallerCode } from '../database/index.ts'
import { indexMsMax } from '../limits.ts'
import {
  chunkCharsMax,
  copyLine,
  copyTarget,
  createIndexes,
  createTable,
  quoteName,
  recordsTable,
} from '../sql/index.ts'
import { stateOf } from './records.ts'

/** The rows of one COPY, fewer if they are large. */
const batchRowsMax = 10_000

/**
 * Drops the empty table and creates it again in the same transaction, which COPY FREEZE needs. Readers wait for it. No other writer can have changed the
 * table: it would hold the same lock, and would have moved the checkpoint.
 */
export async function bulkLoad(
  { query, copy, schema }: { query: Query; copy: Copy; schema: string },
  {
    table,
    rows,
    to,
    generation,
  }: { table: TableDefinition; rows: Iterable<Row>; to: Checkpoint; generation: number | undefined },
): Promise<'saved' | 'superseded'> {
  const { name, fingerprint } = table
  const target = quoteName(schema, name)
  await query(`LOCK TABLE ${target} IN ACCESS EXCLUSIVE MODE`)
  const state = await stateOf(query, schema, name)
  if (state?.fingerprint !== fingerprint || state.position !== 0) return 'superseded'
  if ((generation ?? state.generation) !== state.generation) return 'superseded'
  const [existing] = await query(`SELECT 1 FROM ${target} LIMIT 1`)
  if (existing) return 'superseded'
  await query(`DROP TABLE ${target}`)
  await query(createTable(schema, table))
  await send(batches(table, rows), (lines) => copy(copyTarget(schema, table), lines))
  for (const statement of createIndexes(schema, table)) await query(statement, [], { timeoutMs: indexMsMax })
  const sql = `UPDATE ${quoteName(schema, recordsTable)} SET position = $1, history = $2, updated_at = now() WHERE name = $3`
  await query(sql, [to.position, to.history, name])
  return 'saved'
}

/** Prepares the next batch while the database loads the current one. */
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
    const lines = runCallerCode(() => take(iterator, (row) => line(canonicalRow(table, row))))
    if (lines === '') return
    yield lines
  }
}

function take(iterator: Iterator<Row>, line: (row: Row) => string): string {
  let lines = ''
  for (let count = 0; count < batchRowsMax && lines.length < chunkCharsMax; count++) {
    const { value, done } = iterator.next()
    if (done) break
    lines += line(value)
  }
  return lines
}
