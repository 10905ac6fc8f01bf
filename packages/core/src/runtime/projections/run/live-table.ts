// Follows the log into the live table, as long as this runner has the lease.
import type { Position } from '../../../kernel/positions.ts'
import { inlineOf } from '../../../store/inline.ts'
import type { TableState } from '../../../store/read-tables.ts'
import { type FollowOptions, fillGaps, follow } from '../follow/index.ts'
import { LeaseKeeper } from '../lease-keeper.ts'
import type { Parking } from './parking.ts'
import type { RunContext } from './run-context.ts'

export class LiveTable {
  readonly #context: RunContext
  readonly #parking: Parking
  readonly #visible: FollowOptions['visible']
  /** The database refused the row of one of the events up to here. */
  #singlyThrough: Position = 0

  constructor(context: RunContext, { parking, visible }: { parking: Parking; visible: FollowOptions['visible'] }) {
    this.#context = context
    this.#parking = parking
    this.#visible = visible
  }

  /** Call it while the lease is held. Throws what the store and the tables throw. */
  async follow({ position: after, generation }: TableState, wasParked: boolean): Promise<void> {
    const { store, tables, projection, name, holder, standing, stop, wake } = this.#context
    standing.state = 'running'
    standing.error = undefined
    this.#parking.follows()
    if (wasParked) await tables.setParked(name, null)
    standing.waiters.restart(after)
    await using keeper = new LeaseKeeper({ tables, name, holder, isOver: ({ isPaused }) => isPaused })
    const followed = projection.inline && inlineOf(store) ? fillGaps : follow
    const end = await followed(this.#context, {
      table: projection.table,
      generation,
      after,
      singlyThrough: this.#singlyThrough,
      signal: AbortSignal.any([stop, keeper.over, wake.signal]),
      reached: (position) => standing.waiters.advance(position),
      visible: this.#visible,
    })
    this.#singlyThrough = 0
    if (typeof end === 'string') return
    if ('failure' in end) await this.#parking.park(end.failure)
    else this.#singlyThrough = end.refusedThrough
  }
}
