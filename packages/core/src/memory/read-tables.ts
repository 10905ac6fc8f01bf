// Read tables in memory, for tests: the same promises as the Postgres adapter, without SQL.
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import { systemClock } from '../kernel/system-clock.ts'
import {
  type Columns,
  historyTable,
  keyText,
  previousTableName,
  type Row,
  type TableDefinition,
} from '../kernel/tables.ts'
import { type Clock, instant } from '../kernel/time.ts'
import { canonicalSelect } from '../store/canonical-select.ts'
import type { Checkpoint } from '../store/port.ts'
import type { Parked, ReadTables, RowVersion } from '../store/read-tables.ts'
import { canonicalKey, canonicalRow } from '../store/rows.ts'
import { selectedRows } from '../store/selected-rows.ts'

interface Table {
  readonly columns: Columns
  readonly fingerprint: string
  code: string
  readonly generation: number
  readonly rows: Map<string, Row>
  /** Of each key, in order; of a table with history. */
  readonly versions: Map<string, RowVersion[]>
  checkpoint: Checkpoint
  isDiverged: boolean
  updatedAtMs: number
  parked: Parked | null
  /** Belongs to the projection, not to the table: it stays when the table is replaced. */
  readonly operation: { isPaused: boolean; lease: { holder: string; untilMs: number } | undefined }
}

const nothingShown: Checkpoint = { position: 0, history: '' }
/** The rows that `scan` gives at a time. */
const scanRowsMax = 1_000

export function memoryTables({ clock = systemClock }: { clock?: Clock } = {}): ReadTables {
  const tables = new Map<string, Table>()
  let generations = 0
  let closed = false

  function assertOpen(): void {
    if (closed) throw new IndelibleError('tables_unavailable', 'The read tables were closed.')
  }
  function opened(name: string): Table {
    assertOpen()
    const table = tables.get(name)
    if (table) return table
    throw new IndelibleError('tables_unavailable', `Read table "${name}" is not there: open it first.`)
  }
  function readable({ name, columns }: TableDefinition): Table {
    const table = opened(name)
    const misfit = Object.keys(columns).find((column) => table.columns[column]?.type !== columns[column]!.type)
    if (misfit === undefined) return table
    throw new IndelibleError(
      'table_outdated',
      `Read table "${name}" has no column "${misfit}" of type ${columns[misfit]!.type}: other code filled it. Rebuild the table with this code.`,
    )
  }
  /** The table, if it is in the state that the writer expects. */
  function fenced({ name, fingerprint }: TableDefinition, from: Position, generation?: number): Table | undefined {
    const table = opened(name)
    const isSame = table.fingerprint === fingerprint && (generation ?? table.generation) === table.generation
    return isSame && !table.isDiverged && table.checkpoint.position === from ? table : undefined
  }
  const stateOf = ({ fingerprint, code, checkpoint, generation, isDiverged }: Table) => ({
    fingerprint,
    code,
    ...checkpoint,
    generation,
    isDiverged,
  })
  function advance(table: Table, { position, history }: Checkpoint): void {
    table.checkpoint = { position, history }
    table.updatedAtMs = clock.now()
  }
  const holderOf = ({ operation: { lease } }: Table) => (lease && lease.untilMs > clock.now() ? lease.holder : null)

  return {
    async open({ name, columns, fingerprint, code }) {
      assertOpen()
      return stateOf(tables.get(name) ?? create())

      function create(): Table {
        const operation = { isPaused: false, lease: undefined }
        const empty = {
          rows: new Map(),
          versions: new Map(),
          checkpoint: nothingShown,
          updatedAtMs: clock.now(),
          parked: null,
        }
        const table = { columns, fingerprint, code, generation: ++generations, isDiverged: false, operation, ...empty }
        tables.set(name, table)
        return table
      }
    },
    async state({ name }) {
      return stateOf(opened(name))
    },
    async load(definition, keys) {
      const { rows } = readable(definition)
      const wanted = new Set(keys.map((key) => keyText(definition.key, canonicalKey(definition, key))))
      return copies(
        definition,
        [...wanted].map((at) => rows.get(at)).filter((row) => row !== undefined),
      )
    },
    async save({ table: definition, generation, upserts, removals, versions = [], from, to }) {
      assertOpen()
      const textOf = (row: Row) => keyText(definition.key, row)
      const kept = upserts.map((row) => canonicalRow(definition, row))
      const removed = removals.map((key) => canonicalKey(definition, key))
      const table = fenced(definition, from, generation)
      if (!table) return 'superseded'
      for (const row of kept) table.rows.set(textOf(row), row)
      for (const key of removed) table.rows.delete(textOf(key))
      for (const version of versions) {
        const key = textOf(version.key)
        const ofKey = table.versions.get(key) ?? []
        ofKey.push(structuredClone(version))
        table.versions.set(key, ofKey)
      }
      advance(table, to)
      return 'saved'
    },
    async bulkLoad(definition, rows, to, { generation } = {}) {
      const table = fenced(definition, 0, generation)
      if (!table || table.rows.size > 0) return 'superseded'
      const filled = new Map<string, Row>()
      for (const given of rows) {
        const row = canonicalRow(definition, given)
        const at = keyText(definition.key, row)
        if (filled.has(at)) {
          throw new IndelibleError('invalid_row', `Table "${definition.name}" was given two rows with the key ${at}.`)
        }
        filled.set(at, row)
      }
      for (const [at, row] of filled) table.rows.set(at, row)
      advance(table, to)
      return 'saved'
    },
    async select(definition, options = {}, at) {
      const page = canonicalSelect(definition, options)
      const { rows, versions } = readable(definition)
      const shown = at === undefined ? rows.values() : rowsAt(versions.values(), at)
      return copies(definition, selectedRows(shown, page))
    },
    async scan(definition, visit, { history = false } = {}) {
      const table = readable(definition)
      const state = stateOf(table)
      const rows = history ? historyRows(table.versions.values()) : table.rows.values()
      const all = copies(history ? historyTable(definition) : definition, [...rows])
      for (let at = 0; at < all.length; at += scanRowsMax) visit(all.slice(at, at + scanRowsMax))
      return state
    },
    async replace(live, staging, { generation } = {}) {
      const [shown, built] = [opened(live.name), opened(staging.name)]
      if (built.fingerprint !== staging.fingerprint) {
        throw new IndelibleError('tables_unavailable', `Read table "${staging.name}" was filled by other code.`)
      }
      if ((generation ?? built.generation) !== built.generation) return 'superseded'
      if (built.checkpoint.position < shown.checkpoint.position && !shown.isDiverged) return 'behind'
      const idle = { isPaused: false, lease: undefined }
      tables.set(previousTableName(live.name), { ...shown, parked: null, operation: idle })
      tables.set(live.name, { ...built, parked: null, operation: shown.operation })
      tables.delete(staging.name)
      return 'replaced'
    },
    async drop(name) {
      assertOpen()
      tables.delete(name)
    },
    async list() {
      assertOpen()
      return [...tables]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, table]) => ({
          name,
          ...stateOf(table),
          updatedAt: instant(table.updatedAtMs),
          isPaused: table.operation.isPaused,
          parked: table.parked && structuredClone(table.parked),
          holder: holderOf(table),
        }))
    },
    async lease(name, { holder, ms }) {
      const table = opened(name)
      const current = holderOf(table) ?? holder
      const isHeld = current === holder
      if (isHeld) table.operation.lease = { holder, untilMs: clock.now() + ms }
      return { isHeld, holder: current, isPaused: table.operation.isPaused, isParked: table.parked !== null }
    },
    async release(name, holder) {
      assertOpen()
      const operation = tables.get(name)?.operation
      if (operation?.lease?.holder === holder) operation.lease = undefined
    },
    async setPaused(name, isPaused) {
      assertOpen()
      const table = tables.get(name)
      if (table) table.operation.isPaused = isPaused
      return table !== undefined
    },
    async setCode(name, code, { generation }) {
      assertOpen()
      const table = tables.get(name)
      if (table?.generation === generation) table.code = code
    },
    async setDiverged(name, { generation }) {
      assertOpen()
      const table = tables.get(name)
      if (table?.generation === generation) table.isDiverged = true
    },
    async setParked(name, parked) {
      opened(name).parked = parked && structuredClone(parked)
    },
    async close() {
      closed = true
    },
  }
}

function* rowsAt(versions: Iterable<readonly RowVersion[]>, at: Position): Generator<Row> {
  for (const ofKey of versions) {
    const row = ofKey.findLast(({ position }) => position <= at)?.row
    if (row) yield row
  }
}

function* historyRows(versions: Iterable<readonly RowVersion[]>): Generator<Row> {
  for (const ofKey of versions) {
    for (const [index, { row, position, recordedAt }] of ofKey.entries()) {
      const next = ofKey[index + 1]
      const to = { to_position: next?.position ?? null, to_time: next?.recordedAt ?? null }
      if (row) yield { ...row, from_position: position, from_time: recordedAt, ...to }
    }
  }
}

/** Rows with the columns of the definition that reads them: the table may have more. */
function copies({ columns }: TableDefinition, rows: readonly Row[]): readonly Row[] {
  const names = Object.keys(columns)
  return structuredClone(rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))))
}
