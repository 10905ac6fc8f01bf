// Follows the rows of a read table that meet some conditions: as they are now, and then each change.

import { IndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { Projection } from '../../kernel/projections.ts'
import type { Row } from '../../kernel/tables.ts'
import type { Condition } from '../../store/canonical-select.ts'
import { meets } from '../../store/selected-rows.ts'
import { feedRowsMax, feedRowsTogetherMax } from '../limits.ts'
import { checkHistory } from './event-feed.ts'
import { followWindow } from './follow-window.ts'
import { Kept } from './kept.ts'
import { type FeedBatch, type FeedMessage, type LiveFeed, untilClosed } from './message.ts'
import { type RowEntry, TableTail, type TableTailContext } from './table-tail.ts'
import { Views } from './views.ts'
import type { Step, View } from './window.ts'

export interface RowsAsked {
  readonly where: readonly Condition[]
  /** The reader has everything up to here, and wants only what changed since. */
  readonly after: Position | undefined
  /** What the feed said of the history up to that position. */
  readonly history?: string | undefined
}

interface Filter extends Pick<RowsAsked, 'where'> {
  readonly view: View<RowEntry>
}

/** The rows that a feed begins with, in batches. */
interface Snapshot {
  readonly position: Position
  readonly batches: readonly FeedBatch[]
}

export class TableFeed {
  readonly #context: TableTailContext
  readonly #tail: Kept<TableTail>
  readonly #views = new Views<RowEntry>()
  /** The last one for each filter: readers who come together get the same. */
  readonly #snapshots = new WeakMap<object, Snapshot>()

  constructor(context: TableTailContext) {
    this.#context = context
    this.#tail = new Kept(() => TableTail.start(context))
  }

  get #projection(): Projection {
    return this.#context.projection
  }

  /** Throws `feed_diverged`, and what {@link TableTail.start} throws. */
  async follow(asked: RowsAsked, signal: AbortSignal): Promise<LiveFeed> {
    if (asked.history !== undefined) await checkHistory(this.#context.store, asked.after ?? 0, asked.history)
    // Here, so that a table that cannot be followed is refused before the feed begins.
    using used = await this.#tail.use()
    this.#checkRows(used.tail, asked)
    return untilClosed(this.#followed(asked, signal))
  }

  async close(): Promise<void> {
    await this.#tail.close()
  }

  async *#followed({ where, after }: RowsAsked, signal: AbortSignal): AsyncGenerator<FeedBatch> {
    using used = await this.#tail.use()
    const { tail } = used
    const { window } = tail
    using shared = this.#views.use(JSON.stringify(where), () => (entry) => changesOf(entry, where))
    // A position beyond the end belongs to another history, and one before the window has changes that are forgotten. Who is at 0 may have some of the
    // rows of a later position, from a beginning that was cut off.
    const { position: head } = await this.#context.store.head()
    const known = after && after <= window.through && window.covers(after) ? after : undefined
    yield* followWindow({
      store: this.#context.store,
      window,
      view: shared.view,
      after: known,
      head,
      missed: () => this.#anew(tail, { where, view: shared.view }),
      signal,
    })
  }

  async *#anew(tail: TableTail, filter: Filter): AsyncGenerator<Step> {
    const { position, batches } = this.#snapshot(tail, filter)
    yield { messages: [{ kind: 'reset', position: 0, data: { position } }], through: position }
    for (const messages of batches) yield { messages, through: position }
  }

  #snapshot(tail: TableTail, { where, view }: Filter): Snapshot {
    const position = tail.window.through
    const known = this.#snapshots.get(view)
    if (known?.position === position) return known
    const rows = [...tail.rows()].filter((row) => meets(where, row))
    const { key } = this.#projection.table
    const batches: FeedBatch[] = []
    for (let from = 0; from < rows.length; from += feedRowsTogetherMax) {
      batches.push(rows.slice(from, from + feedRowsTogetherMax).map((row) => shownRow(position, keyOf(key, row), row)))
    }
    const snapshot = { position, batches }
    this.#snapshots.set(view, snapshot)
    return snapshot
  }

  #checkRows(tail: TableTail, { where }: RowsAsked): void {
    let rows = 0
    for (const row of tail.rows()) if (meets(where, row)) rows++
    if (rows <= feedRowsMax) return
    const { name } = this.#projection
    throw new IndelibleError(
      'table_too_large',
      `A live feed begins with at most ${feedRowsMax} rows, and ${rows} rows of "${name}" meet the conditions. Ask for fewer with "where".`,
      { details: { name, rows, rowsMax: feedRowsMax } },
    )
  }
}

function shownRow(position: Position, key: Row, row: Row): FeedMessage {
  return { kind: 'row', data: { change: 'snapshot', position, key, row } }
}

/** A row that begins to meet the conditions is inserted, and one that no longer meets them is deleted. */
function changesOf({ position, versions }: RowEntry, where: readonly Condition[]): readonly FeedMessage[] {
  const changes = versions.flatMap(({ key, row, before }) => {
    const was = before !== null && meets(where, before)
    const is = row !== null && meets(where, row)
    if (!was && !is) return []
    return [{ change: is ? (was ? 'update' : 'insert') : 'delete', position, key, row: is ? row : null }]
  })
  // A reader who has only some of the changes of an event cannot go on after it.
  const last = changes.length - 1
  return changes.map((data, at) => (at === last ? { kind: 'row', position, data } : { kind: 'row', data }))
}

function keyOf(key: readonly string[], row: Row): Row {
  return Object.fromEntries(key.map((name) => [name, row[name]]))
}
