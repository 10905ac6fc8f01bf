// Read tables in memory, for tests: the same promises as the Postgres adapter, without SQL.
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import { keyText, type Row, type TableDefinition } from '../kernel/tables.ts'
import type { ReadTables } from '../store/read-tables.ts'
import { keptKey, keptRow, keptSelect } from '../store/rows.ts'

interface Table {
  readonly fingerprint: string
  readonly rows: Map<string, Row>
  checkpoint: Position
}

export function memoryTables(): ReadTables {
  const tables = new Map<string, Table>()
  let closed = false

  function assertOpen(): void {
    if (closed) throw new IndelibleError('tables_unavailable', 'The read tables were closed.')
  }
  function opened({ name, fingerprint }: TableDefinition): Table {
    assertOpen()
    const table = tables.get(name)
    if (table?.fingerprint === fingerprint) return table
    throw new IndelibleError('tables_unavailable', `Read table "${name}" was not opened, or made anew by other code.`)
  }

  return {
    async open({ name, fingerprint }) {
      assertOpen()
      const existing = tables.get(name)
      if (existing?.fingerprint === fingerprint) return existing.checkpoint
      tables.set(name, { fingerprint, rows: new Map(), checkpoint: 0 })
      return 0
    },
    async load(definition, keys) {
      const { rows } = opened(definition)
      const wanted = new Set(keys.map((key) => keyText(definition.key, keptKey(definition, key))))
      return structuredClone([...wanted].map((at) => rows.get(at)).filter((row) => row !== undefined))
    },
    async save({ table: definition, upserts, removals, from, to }) {
      assertOpen()
      const textOf = (row: Row) => keyText(definition.key, row)
      const kept = upserts.map((row) => keptRow(definition, row))
      const removed = removals.map((key) => keptKey(definition, key))
      const table = tables.get(definition.name)
      if (table?.fingerprint !== definition.fingerprint || table.checkpoint !== from) return 'superseded'
      for (const row of kept) table.rows.set(textOf(row), row)
      for (const key of removed) table.rows.delete(textOf(key))
      table.checkpoint = to
      return 'saved'
    },
    async select(definition, options = {}) {
      const { where, after, limit } = keptSelect(definition, options)
      const rows = [...opened(definition).rows.values()]
        .filter((row) => Object.entries(where).every(([name, value]) => row[name] === value))
        .filter((row) => !after || compareKeys(definition.key, row, after) > 0)
        .sort((a, b) => compareKeys(definition.key, a, b))
      return structuredClone(rows.slice(0, limit))
    },
    async checkpoint(definition) {
      return opened(definition).checkpoint
    },
    async close() {
      closed = true
    },
  }
}

function compareKeys(key: readonly string[], a: Row, b: Row): number {
  for (const name of key) {
    const [left, right] = [a[name] as string | number | boolean, b[name] as string | number | boolean]
    if (left === right) continue
    if (typeof left === 'string') return compareTexts(left, right as string)
    return left < right ? -1 : 1
  }
  return 0
}

/** By code point, as Postgres does under the "C" collation. JavaScript's `<` goes by UTF-16 unit, which puts 😀 before U+FFFD. */
function compareTexts(left: string, right: string): number {
  let at = 0
  while (at < left.length && left.charCodeAt(at) === right.charCodeAt(at)) at++
  return (left.codePointAt(at) ?? -1) - (right.codePointAt(at) ?? -1)
}
