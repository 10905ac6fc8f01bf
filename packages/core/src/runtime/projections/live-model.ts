// A projection kept in memory instead of a table: the same handlers, read without SQL and without waiting.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import type { Projection } from '../../kernel/projections.ts'
import type { Columns, Row, RowOf } from '../../kernel/tables.ts'
import { DomainLog } from '../../store/domain-log.ts'
import type { EventStore } from '../../store/port.ts'
import { type DomainCode, type Guard, guardOf } from '../guard/index.ts'
import { waitTimeoutMsDefault } from '../limits.ts'
import { Waiters } from '../waiters.ts'
import { FoldStopped, foldFromZero, parkedError, RowFold } from './fold/index.ts'

/** Rows are shared with the model: do not change them. */
export interface LiveModel<C extends Columns> {
  /** The row with this key, if there is one. Throws `invalid_row` for an invalid key. */
  get(key: Partial<RowOf<C>>): RowOf<C> | undefined
  /** All rows, in no order. */
  rows(): Iterable<RowOf<C>>
  /** Everything up to here is in the model. */
  readonly position: Position
  /** Resolves when it shows everything up to a position. Throws `wait_timeout`, `projection_parked`, `invalid_position`, `invalid_duration`, `store_closed`, `aborted`. */
  waitFor(position: Position, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<void>
  /** Ends following. The rows stay as they are. */
  close(): Promise<void>
}

/**
 * Folds a projection from the first event, then follows the log. All of its rows are in memory, and nothing is written. If a handler fails, the model
 * stays at that event, and waits throw `projection_parked`. `domainCode` is as in `SystemOptions`.
 * Throws `projection_parked`, and what the store throws.
 */
export async function liveModel<C extends Columns>(
  projection: Projection<C>,
  store: EventStore,
  { domainCode }: { domainCode?: DomainCode } = {},
): Promise<LiveModel<C>> {
  const model = new Live(projection as unknown as Projection, { store, guard: guardOf(domainCode, 'impure_projector') })
  await model.begin()
  return model as unknown as LiveModel<C>
}

class Live {
  readonly #projection: Projection
  readonly #store: EventStore
  readonly #log: DomainLog
  readonly #guard: Guard
  readonly #fold: RowFold
  readonly #stop = new AbortController()
  readonly #waiters: Waiters
  #following: Promise<void> = Promise.resolve()

  constructor(projection: Projection, { store, guard }: { store: EventStore; guard: Guard }) {
    this.#projection = projection
    this.#store = store
    this.#log = new DomainLog(store)
    this.#guard = guard
    this.#fold = new RowFold(projection, { guard, fromZero: true })
    this.#waiters = new Waiters(`Live model "${projection.name}"`)
  }

  get position(): Position {
    return this.#waiters.reached
  }

  async begin(): Promise<void> {
    const { position: to } = await this.#store.head()
    const context = { projection: this.#projection, log: this.#log, guard: this.#guard }
    try {
      for (const row of (await foldFromZero(context, { to })).rows()) this.#fold.known.put(row)
    } catch (error) {
      throw error instanceof FoldStopped ? parkedError(this.#projection.name, error.failure) : error
    }
    this.#waiters.advance(to)
    this.#following = this.#follow(to)
  }

  get(key: Row): Row | undefined {
    return this.#fold.known.row(key)
  }

  rows(): Iterable<Row> {
    return this.#fold.known.rows()
  }

  async waitFor(position: Position, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    const { timeoutMs = waitTimeoutMsDefault, ...others } = options
    await this.#waiters.reach(position, { timeoutMs, ...others })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
  }

  async #follow(after: Position): Promise<void> {
    const { name, events } = this.#projection
    const { signal } = this.#stop
    try {
      for await (const batch of this.#log.follow(events, { after, signal })) {
        const failure = this.#fold.apply(batch)
        // The changes are not written.
        this.#fold.known.takeChanges()
        if (failure) return this.#waiters.fail(parkedError(name, failure))
        this.#waiters.advance(batch.through)
      }
      this.#waiters.fail(new IndelibleError('store_closed', `Live model "${name}" was closed.`))
    } catch (error) {
      if (!isIndelibleError(error)) throw error
      this.#waiters.fail(error)
    }
  }
}
