// One position of the log, for repeatable reads: states and tables of the same moment, however long reading takes and whatever is written meanwhile.
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import { IndelibleError } from '../kernel/errors.ts'
import { position as checkedPosition, type Position } from '../kernel/positions.ts'
import type { Projection } from '../kernel/projections.ts'
import type { Columns, Row, RowOf } from '../kernel/tables.ts'
import type { ValidTime } from '../kernel/time.ts'
import type { Guard } from '../runtime/guard/index.ts'
import { canonicalSelect } from '../store/canonical-select.ts'
import type { EventStore } from '../store/port.ts'
import type { ReadTables } from '../store/read-tables.ts'
import type { SelectOptions } from '../store/select.ts'
import { selectedRows } from '../store/selected-rows.ts'
import type { SnapshotStore } from '../store/snapshots.ts'
import { type StateAsOf, stateAsOf } from './as-of.ts'
import { reachOf } from './points.ts'
import { rowsAt } from './view-as-of.ts'

export interface BasisParts {
  readonly store: EventStore
  readonly snapshots: SnapshotStore
  readonly tables: ReadTables
  readonly guard: Guard
}

/** What was true at a time, by what is known at the basis. */
interface Valid {
  readonly validAt?: ValidTime | undefined
}

export class Basis {
  /** Everything up to here is known, and nothing after it. */
  readonly position: Position
  readonly #parts: BasisParts
  /** Rows that were folded, so that further pages need no fold. */
  readonly #folded = new Map<string, Promise<readonly Row[]>>()

  constructor(position: Position, parts: BasisParts) {
    this.position = position
    this.#parts = parts
  }

  /** The state of an aggregate. Throws `invalid_time`, and what the store throws. */
  async state<State>(
    aggregate: AnyAggregate & { readonly initialState: State },
    id: string,
    { validAt }: Valid = {},
  ): Promise<StateAsOf<State>> {
    const { store, snapshots } = this.#parts
    const { position } = this
    return await stateAsOf(store, aggregate, {
      id,
      snapshots,
      asOf: validAt === undefined ? { position } : { position, validAt },
    })
  }

  /**
   * A page of the read table of a projection, with the options of `select`. It comes from the versions of its rows where the projection has `history: true` and
   * its table shows the position; otherwise it is folded, and the rows stay in memory as long as the basis does.
   * Throws `projection_parked` if a handler fails, `invalid_select`, `invalid_time`, `tables_unavailable`, and what the store throws.
   */
  async view<C extends Columns>(
    projection: Projection<C>,
    { validAt, ...options }: SelectOptions<NoInfer<C>> & Valid = {},
  ): Promise<readonly RowOf<C>[]> {
    const page = canonicalSelect(projection.table, options as SelectOptions)
    if (validAt === undefined && (await this.#isKept(projection as unknown as Projection))) {
      const { tables } = this.#parts
      return (await tables.select(projection.table, options as SelectOptions, this.position)) as readonly RowOf<C>[]
    }
    const rows = await this.#rows(projection as unknown as Projection, validAt)
    return structuredClone(selectedRows(rows, page)) as readonly RowOf<C>[]
  }

  /** Whether the database has the rows of the position: those of this code, from the history of this log. */
  async #isKept({ table }: Projection): Promise<boolean> {
    if (!table.history) return false
    const { store, tables } = this.#parts
    const there = await tables.open(table)
    if (there.fingerprint !== table.fingerprint || there.code !== table.code || there.isDiverged) return false
    return there.position >= this.position && (await store.historyAt(there.position)) === there.history
  }

  async #rows(projection: Projection, validAt: ValidTime | undefined): Promise<readonly Row[]> {
    const { store, guard } = this.#parts
    const { position } = this
    const name = `${projection.name} ${validAt ?? ''}`
    const folding =
      this.#folded.get(name) ??
      reachOf(store, validAt === undefined ? { position } : { position, validAt }).then((reach) =>
        rowsAt(store, projection, { reach, guard }),
      )
    this.#folded.set(name, folding)
    return await folding.catch((error) => {
      this.#folded.delete(name)
      throw error
    })
  }
}

/** Throws `invalid_position` where the log has not come so far, `invalid_time`. */
export async function pinned(parts: BasisParts, at: Position | ValidTime | undefined): Promise<Basis> {
  const { position: head } = await parts.store.head()
  const position = typeof at === 'string' ? await parts.store.positionAt(at) : checkedPosition(at ?? head)
  if (position <= head) return new Basis(position, parts)
  throw new IndelibleError(
    'invalid_position',
    `The log ends at position ${head}. What comes after it cannot be read yet.`,
  )
}
