// A read table: its rows, page by page, and their changes.
import type { Columns, Row, RowOf } from 'indelible'
import { parameterIn } from './aggregate.ts'
import { type FeedOptions, followed } from './feed.ts'
import { type Selection, selectionQuery } from './rows.ts'
import type { Transport } from './transport.ts'

export interface RowsOptions<C extends Columns> extends Selection<C> {
  /**
   * Answers only when the table contains everything up to this position. By default that is what this client has written, so that it reads its own writes;
   * 0 waits for nothing.
   */
  readonly waitFor?: number
  /** How long to wait for it, in milliseconds: 5,000 by default, at most 30,000. */
  readonly waitMs?: number
  /** The rows of a page: 100 by default, at most 1,000. */
  readonly limit?: number
  /** The table as it was at a point of history. */
  readonly position?: number
  readonly recordedAt?: string
  readonly validAt?: string
  readonly signal?: AbortSignal
}

export interface PageOptions<C extends Columns> extends RowsOptions<C> {
  /** `next` of the page before. */
  readonly after?: string
}

export interface RowsPage<C extends Columns> {
  readonly rows: readonly RowOf<C>[]
  /** The rows show everything up to this position, perhaps more. */
  readonly position: number
  /** `after` of the next page; null after the last one. */
  readonly next: string | null
}

/** What happened to a row. `reset`: forget all rows; those that are there follow, as `snapshot`. */
export type RowChanged<C extends Columns> =
  | { readonly change: 'reset'; readonly position: number; readonly row?: never }
  | {
      readonly change: 'snapshot' | 'insert' | 'update'
      readonly position: number
      readonly key: Partial<RowOf<C>>
      readonly row: RowOf<C>
    }
  | {
      readonly change: 'delete'
      readonly position: number
      readonly key: Partial<RowOf<C>>
      readonly row: null
    }

export interface ChangesOptions<C extends Columns> extends FeedOptions, Pick<Selection<C>, 'where'> {
  /** The caller has the rows of this position, and wants only what changed since. */
  readonly after?: number
  /** What `onProgress` said of the history up to there. */
  readonly history?: string
}

/** One read table of a system. All throw `ClientError`. */
export interface TableClient<C extends Columns> {
  /** All rows, page by page: `for await (const { owner } of table.rows({ orderBy: 'owner' }))`. */
  rows(options?: RowsOptions<C>): AsyncGenerator<RowOf<C>, void>
  page(options?: PageOptions<C>): Promise<RowsPage<C>>
  /** The rows as they are, and then each change. */
  changes(options?: ChangesOptions<C>): AsyncGenerator<RowChanged<C>, void>
}

/** The default of the server. */
const waitMsDefault = 5_000

/** `written` is the last position that this client wrote. */
export function tableClient(transport: Transport, name: string, written: () => number): TableClient<Columns> {
  const page = async (options: PageOptions<Columns> = {}): Promise<RowsPage<Columns>> => {
    const { where, orderBy, signal, waitFor, waitMs = waitMsDefault, ...others } = options
    const isPast = (others.position ?? others.recordedAt ?? others.validAt) !== undefined
    // Later pages show at least what the first one showed.
    const position = waitFor ?? (isPast || others.after !== undefined ? 0 : written())
    const wait = position > 0 ? { waitFor: position, timeoutMs: waitMs } : {}
    const selection = { ...(where && { where }), ...(orderBy && { orderBy }) }
    const query = selectionQuery(selection, { ...others, ...wait })
    const asked = { path: ['tables', name], query: query ?? { ...wait, limit: 1 }, signal }
    const { body } = await transport.ask({ ...asked, waitMs: position > 0 ? waitMs : 0 })
    const found = body as RowsPage<Columns>
    if (!query) return { rows: [], position: found.position, next: null }
    const { rows, next } = found
    return { rows, position: found.position, next: (next && parameterIn(next, 'after')) ?? null }
  }
  return {
    page,
    async *rows(options = {}) {
      let next: string | null = null
      do {
        const found: RowsPage<Columns> = await page(next === null ? options : { ...options, waitFor: 0, after: next })
        yield* found.rows
        next = found.next
      } while (next !== null)
    },
    async *changes({ where, after, history, ...options } = {}) {
      const query = selectionQuery(where ? { where } : {}, { after, history })
      // Nothing can ever be in it.
      if (!query) return
      for await (const { kind, data } of followed(transport, { path: ['tables', name, 'changes'], query }, options)) {
        if (kind === 'reset') yield { change: 'reset', ...(data as { position: number }) }
        else if (kind === 'row') yield data as RowChanged<Columns> & { row: Row }
      }
    },
  }
}
