// Inline projections: the rows of their tables are written in the transactions that append. What a batch adds to the log is read again in its own transaction, so
// that handlers get what every later reader gets.
import {
  type InlineFold,
  type InlineWriting,
  instant,
  type Position,
  type ReadTables,
  type RecordedEvent,
  type Row,
} from 'indelible'
import { canonicalKey, canonicalRow, historyName } from 'indelible/adapter'
import { loadRows, quoteName, recordsTable, rowsOf, type Statement, saveChange, saveVersions } from '../sql/index.ts'
import type { SqlReadTables } from '../tables/index.ts'
import { type BatchAnswer, headAfter } from './batch.ts'
import type { LogDatabase } from './database.ts'
import * as limits from './limits.ts'
import { type LogReader, readLog } from './reader.ts'
import type { Round } from './rounds.ts'
import type { TextQuery } from './text-query.ts'

export type Append = (query: TextQuery) => Promise<BatchAnswer>

/** What was to be written besides the events could not be. The transaction was not committed, so nothing was written. */
class InlineFault extends Error {}

interface Target {
  /** The schema of the tables. */
  readonly schema: string
  readonly folds: readonly InlineFold[]
  readonly wrote: (table: string, position: Position) => void
}

/** A table as its record says, which is locked until the end of the transaction. */
interface Standing {
  readonly fold: InlineFold
  readonly position: Position
  readonly generation: number
}

export class InlineTransactions implements InlineWriting {
  readonly #database: LogDatabase
  readonly #reader: LogReader
  #target: Target | undefined
  /** After a fault, appends do without the tables until this time. */
  #restsUntil = 0

  constructor(database: LogDatabase, reader: LogReader) {
    this.#database = database
    this.#reader = reader
  }

  async begin(tables: ReadTables, folds: readonly InlineFold[], wrote: Target['wrote']): Promise<boolean> {
    const { schema, query } = tables as Partial<SqlReadTables>
    if (schema === undefined || query === undefined) return false
    const [[own]] = (await this.#database.query(`SELECT ${whichDatabase}`)) as [[string]]
    const [other] = await query(`SELECT ${whichDatabase} AS which`)
    if (other!.which !== own) return false
    this.#target = { schema, folds, wrote }
    return true
  }

  async standstill<Result>(work: () => Promise<Result>): Promise<Result> {
    const { schema, log } = this.#reader
    return await this.#database.transaction(async (query) => {
      await query(`SET LOCAL idle_in_transaction_session_timeout = ${limits.standstillMsMax}`)
      await query(`SELECT ${schema}.hold_log($1)`, [log])
      return await work()
    })
  }

  /** Appends a batch, and writes the rows of the tables in its transaction. If that fails, the batch is appended alone: the tables stay behind. */
  async appending(append: Append, rounds: readonly Round[]): Promise<BatchAnswer> {
    const { query, transaction } = this.#database
    const target = this.#target
    if (!target || performance.now() < this.#restsUntil) return await append(query)
    let written: readonly Standing[] = []
    let head: Position = 0
    try {
      const answer = await transaction(async (ask) => {
        const answer = await append(ask)
        head = headAfter(rounds, answer)
        if (head > answer.head) written = await this.#write(ask, target, head)
        return answer
      })
      for (const { fold } of written) target.wrote(fold.table.name, head)
      return answer
    } catch (error) {
      if (!(error instanceof InlineFault)) throw error
      this.#restsUntil = performance.now() + limits.inlineRestMs
      return await append(query)
    }
  }

  async #write(query: TextQuery, target: Target, head: Position): Promise<readonly Standing[]> {
    try {
      const { standings, history } = await this.#standings(query, target, head)
      if (standings.length === 0) return []
      const events = await this.#events(query, standings, head)
      const to = { position: head, history }
      const [written, unchanged]: [Standing[], Standing[]] = [[], []]
      for (const standing of standings) {
        const { fold, position: from, generation } = standing
        const { table } = fold
        const types = new Set(fold.types)
        const own = events.filter((event) => event.position > from && types.has(event.type))
        if (own.length === 0) {
          unchanged.push(standing)
          continue
        }
        const rows = await fold.fold(own, (keys) => loaded(query, target.schema, { fold, keys }))
        if (!rows) continue
        const change = {
          table,
          generation,
          upserts: rows.upserts.map((row) => canonicalRow(table, row)),
          removals: rows.removals.map((key) => canonicalKey(table, key)),
          from,
          to,
        }
        for (const statement of saveChange(target.schema, change)) await run(query, statement)
        for (const statement of saveVersions(target.schema, table, rows.versions ?? [])) await run(query, statement)
        written.push(standing)
      }
      if (unchanged.length > 0) await moved(query, target.schema, { unchanged, to })
      return [...written, ...unchanged]
    } catch (error) {
      throw new InlineFault('The rows of an inline projection could not be written.', { cause: error })
    }
  }

  /** The tables that this batch can bring to the head of the log, and the name of the history up to there. */
  async #standings(
    query: TextQuery,
    { schema, folds }: Target,
    head: Position,
  ): Promise<{ standings: readonly Standing[]; history: string }> {
    const { schema: logs, log, logId } = this.#reader
    const eventAt = (position: string) =>
      `(SELECT id, (extract(epoch FROM recorded_at) * 1000)::int8 AS ms FROM ${logs}.events WHERE log = $2 AND position = ${position})`
    // Whoever locks a table, for example to make an index, must not stop all appends.
    const rows = await query(
      `WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', '${limits.inlineLockMsMax}', true))
       SELECT r.name, r.position, r.generation, r.fingerprint, r.history, h.id, h.ms, e.id, e.ms
       FROM patience CROSS JOIN ${quoteName(schema, recordsTable)} r CROSS JOIN ${eventAt('$3')} e LEFT JOIN LATERAL ${eventAt('r.position')} h ON true
       WHERE r.name = ANY ($1) AND r.position BETWEEN $3 - ${limits.inlineCatchUpMax} AND $3 - 1
         AND NOT r.is_paused AND NOT r.is_diverged AND r.parked IS NULL
       ORDER BY r.name FOR UPDATE OF r`,
      [folds.map(({ table }) => table.name), log, head],
    )
    const standings: Standing[] = []
    let history = ''
    const named = (id: string | null, ms: string | null) =>
      historyName(logId, id === null ? undefined : { id, recordedAt: instant(Number(ms)) })
    for (const [name, position, generation, fingerprint, before, id, ms, headId, headMs] of rows) {
      history = named(headId!, headMs!)
      const fold = folds.find(({ table }) => table.name === name)!
      // Other code filled the table, or it was made from another history: others judge that.
      if (fingerprint !== fold.table.fingerprint || (position !== '0' && before !== named(id!, ms!))) continue
      standings.push({ fold, position: Number(position), generation: Number(generation) })
    }
    return { standings, history }
  }

  async #events(query: TextQuery, standings: readonly Standing[], head: Position): Promise<readonly RecordedEvent[]> {
    const types = [...new Set(standings.flatMap(({ fold }) => fold.types))]
    const from = Math.min(...standings.map(({ position }) => position)) + 1
    const events: RecordedEvent[] = []
    const reader = { ...this.#reader, query }
    for await (const batch of readLog(reader, [{ types }], { from, to: head, reserved: true }))
      events.push(...batch.events)
    return events
  }
}

/** A database as long as its server runs: tables and log are in the same one if this is the same. */
const whichDatabase = `concat_ws(' ', pg_postmaster_start_time(), current_setting('port'), (SELECT oid FROM pg_database WHERE datname = current_database()))`

async function loaded(
  query: TextQuery,
  schema: string,
  { fold: { table }, keys }: { readonly fold: InlineFold; readonly keys: readonly Row[] },
): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const { sql, params } of loadRows(
    schema,
    table,
    keys.map((key) => canonicalKey(table, key)),
  )) {
    // First the types of the columns, which are as the fingerprint says.
    const [[, ...columns]] = (await query(sql, params)) as [string[]]
    rows.push(...rowsOf(table, columns))
  }
  return rows
}

async function moved(
  query: TextQuery,
  schema: string,
  { unchanged, to }: { readonly unchanged: readonly Standing[]; readonly to: { position: Position; history: string } },
): Promise<void> {
  await query(
    `UPDATE ${quoteName(schema, recordsTable)} SET position = $2, history = $3, updated_at = now() WHERE name = ANY ($1)`,
    [unchanged.map(({ fold }) => fold.table.name), to.position, to.history],
  )
}

async function run(query: TextQuery, { sql, params }: Statement): Promise<void> {
  await query(sql, params)
}
