// What a runner does with a table that was made from another history than the one in this log.
import type { TableState } from '../../../store/read-tables.ts'
import { describeError } from '../../consumers/status.ts'
import { type Divergence, tableDiverged } from '../divergence.ts'
import type { Parking } from './parking.ts'
import type { Rebuilding } from './rebuilding.ts'
import { keepLease, type RunContext } from './run-context.ts'

export class DivergedTable {
  readonly #context: RunContext
  readonly #parking: Parking
  readonly #rebuilding: Rebuilding
  /** The generation of the last table that was reported. */
  #reported: number | undefined

  constructor(context: RunContext, { parking, rebuilding }: { parking: Parking; rebuilding: Rebuilding }) {
    this.#context = context
    this.#parking = parking
    this.#rebuilding = rebuilding
  }

  /** Adds nothing to the table. Rebuilds it from this log, unless the projection is paused. Returns how long to rest. */
  async replace(
    divergence: Divergence,
    { there, isPaused }: { there: TableState; isPaused: boolean },
  ): Promise<number> {
    const { standing, name, notify } = this.#context
    if (this.#parking.isRefused) return standing.rest('parked')
    // The table does not show what readers wait for.
    standing.waiters.restart(0)
    standing.error = describeError(tableDiverged(name, divergence))
    if (this.#reported !== there.generation) {
      this.#reported = there.generation
      notify({ kind: 'diverged', name, ...divergence })
    }
    if (isPaused) return standing.rest('paused')
    standing.state = 'diverged'
    await using _ = keepLease(this.#context)
    return await this.#rebuilding.runForRunner('diverged')
  }
}
