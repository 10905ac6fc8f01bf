// SQL for the history of a read table: every version of its rows, each with the positions and times from which and until which it was in the table.
import type { Row, RowVersion, TableDefinition } from 'indelible'
import { historyTable, keyText } from 'indelible/adapter'
import { createIndexes, createTable, list, quoteName, type Statement, unnested } from './statements.ts'
import { arrayLiterals } from './types.ts'

export function createHistory(schema: string, table: TableDefinition): readonly string[] {
  const history = historyTable(table)
  const open = `CREATE UNIQUE INDEX ON ${quoteName(schema, history.name)} (${list(table.key)}) WHERE to_position IS NULL`
  return [createTable(schema, history), ...createIndexes(schema, history), open]
}

/** Statements for the transaction that saves the rows: the versions that ended, then the new ones. */
export function* saveVersions(
  schema: string,
  table: TableDefinition,
  versions: readonly RowVersion[],
): Generator<Statement> {
  const history = historyTable(table)
  const target = quoteName(schema, history.name)
  const next = new Map<string, RowVersion>()
  const added: Row[] = []
  for (const version of versions.toReversed()) {
    const { key, row, position, recordedAt } = version
    const text = keyText(table.key, key)
    const after = next.get(text)
    next.set(text, version)
    const to = { to_position: after?.position ?? null, to_time: after?.recordedAt ?? null }
    if (row) added.push({ ...row, from_position: position, from_time: recordedAt, ...to })
  }
  const ended = [...next.values()].map(({ key, position, recordedAt }) => ({
    ...key,
    to_position: position,
    to_time: recordedAt,
  }))
  const names = [...table.key, 'to_position', 'to_time']
  const isSame = table.key.map((column) => `t.${quoteName(column)} = r.${quoteName(column)}`).join(' AND ')
  const end = `UPDATE ${target} AS t SET to_position = r.to_position, to_time = r.to_time
    FROM ${unnested(history, names, 1)} WHERE ${isSame} AND t.to_position IS NULL`
  for (const params of arrayLiterals(history, names, ended)) yield { sql: end, params }
  const all = Object.keys(history.columns)
  const add = `INSERT INTO ${target} (${list(all)}) SELECT ${list(all)} FROM ${unnested(history, all, 1)}`
  for (const params of arrayLiterals(history, all, added.reverse())) yield { sql: add, params }
}
