// The rows of a read table in memory, folded by the same handlers from the same events, and each change of them: whichever process writes the table, and
// whatever is rebuilt meanwhile. It begins with the rows of the table, so that the log need not be folded from its first event.
import { setImmediate } from 'node:timers/promises'
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { Row } from '../../kernel/tables.ts'
import { type DomainBatch, wholeEnd } from '../../store/domain-batch.ts'
import type { TableState } from '../../store/read-tables.ts'
import { feedChangesMax, feedRowsTogetherMax, feedTableRowsMax, foldSliceEvents } from '../limits.ts'
import type { ProjectionContext } from '../projections/context.ts'
import { divergenceOf } from '../projections/divergence.ts'
import { type KnownVersion, parkedError, RowFold } from '../projections/fold/index.ts'
import type { Tail } from './kept.ts'
import { type Entry, Window } from './window.ts'

/** What one event changed. */
export interface RowEntry extends Entry {
  readonly versions: readonly KnownVersion[]
}

export type TableTailContext = Pick<ProjectionContext, 'projection' | 'store' | 'log' | 'tables' | 'guard'>

export class TableTail implements Tail {
  readonly window: Window<RowEntry>
  readonly #context: TableTailContext
  readonly #fold: RowFold
  readonly #stop = new AbortController()
  hasEnded = false
  #compactAt = 10_000

  /** Begins at the end of the log. Throws `projection_parked`, `table_too_large`, `tables_unavailable`, and what the store throws. */
  static async start(context: TableTailContext): Promise<TableTail> {
    const { projection, store, log, guard } = context
    const fold = new RowFold(projection, { guard, fromZero: true, keepsVersions: true })
    const after = await loadTable(context, fold)
    const { position: to } = await store.head()
    for await (const batch of to > after ? log.replay(projection.events, { after, to }) : []) {
      for (let from = 0; from < batch.length; await setImmediate()) {
        const end = wholeEnd(batch, Math.min(batch.length, from + foldSliceEvents))
        applied(context, fold, batch, from, end)
        fold.known.takeChanges()
        from = end
      }
    }
    return new TableTail(context, fold, Math.max(after, to))
  }

  private constructor(context: TableTailContext, fold: RowFold, since: Position) {
    this.#context = context
    this.#fold = fold
    this.window = new Window(since, { sizeMax: feedChangesMax, stepSizeMax: feedRowsTogetherMax })
    void this.#run(since)
  }

  /** All rows as they are at the end of the window, in no order. */
  rows(): Iterable<Row> {
    return this.#fold.known.rows()
  }

  stop(): void {
    this.#stop.abort()
  }

  async #run(after: Position): Promise<void> {
    const { log, projection } = this.#context
    const { signal } = this.#stop
    try {
      for await (const batch of log.follow(projection.events, { after, signal })) {
        applied(this.#context, this.#fold, batch, 0, batch.length)
        this.window.push(entriesOf(this.#fold.known.takeChanges().versions), batch.through)
        this.#compact()
      }
      this.window.end()
    } catch (error) {
      this.window.end(isIndelibleError(error, 'store_closed') ? {} : { error })
    }
    this.hasEnded = true
  }

  /** The fold remembers the keys of rows that are gone. */
  #compact(): void {
    const { known } = this.#fold
    if (known.size < this.#compactAt) return
    const rows = [...known.rows()]
    this.#fold.forget()
    for (const row of rows) known.put(row)
    this.#compactAt = 2 * rows.length + 10_000
  }
}

function entriesOf(versions: readonly KnownVersion[]): readonly RowEntry[] {
  const byPosition = Map.groupBy(versions, ({ position }) => position)
  return [...byPosition].map(([position, ofEvent]) => ({ position, versions: ofEvent, size: ofEvent.length }))
}

/** Takes in the rows of the table, if this code filled it from this log. Returns the position that they show. */
async function loadTable({ projection, store, tables }: TableTailContext, { known }: RowFold): Promise<Position> {
  const { table } = projection
  const isOurs = async (state: TableState) =>
    state.fingerprint === table.fingerprint && !state.isDiverged && (await divergenceOf(store, state)) === undefined
  if (!(await isOurs(await tables.open(table)))) return 0
  const found = await tables.scan(table, (rows) => {
    for (const row of rows) known.put(row)
    checkSize(table.name, known.size)
  })
  if (await isOurs(found)) return found.position
  // It was replaced meanwhile.
  known.forget()
  return 0
}

function applied(
  { projection: { name } }: TableTailContext,
  fold: RowFold,
  ...[batch, from, to]: readonly [DomainBatch, number, number]
): void {
  const failure = fold.apply(batch, from, to)
  if (failure) throw parkedError(name, failure)
  checkSize(name, fold.known.size)
}

function checkSize(name: string, rows: number): void {
  if (rows <= feedTableRowsMax) return
  throw new IndelibleError(
    'table_too_large',
    `The live feeds of "${name}" need all of its rows in memory, and it has more than ${feedTableRowsMax}. Follow its events instead (GET /events), or read the table again from time to time.`,
    { details: { name, rowsMax: feedTableRowsMax } },
  )
}
