// What a runner does when other code filled the live table, under another version. Usually that is older code, and the table of this code replaces it.
// But if this process had its own table there before, newer code has replaced it: then this process stands by as long as another one runs that code.
import type { TableRecord } from '../../../store/read-tables.ts'
import { leaseMs } from '../../limits.ts'
import type { Parking } from './parking.ts'
import type { Rebuilding } from './rebuilding.ts'
import { type RunContext, recordOf } from './run-context.ts'

export class OtherCode {
  readonly #context: RunContext
  readonly #parking: Parking
  readonly #rebuilding: Rebuilding
  #wasLive = false
  /** The time since which no process was seen to run the other code. */
  #unusedSinceMs: number | undefined

  constructor(context: RunContext, { parking, rebuilding }: { parking: Parking; rebuilding: Rebuilding }) {
    this.#context = context
    this.#parking = parking
    this.#rebuilding = rebuilding
  }

  /** Whether this code filled the live table at some time while this process ran. */
  get wasLive(): boolean {
    return this.#wasLive
  }

  /** This code filled the live table. */
  isLive(): void {
    this.#wasLive = true
    this.#unusedSinceMs = undefined
  }

  /** Returns how long to rest. */
  async replace(): Promise<number> {
    const { standing, stop } = this.#context
    const record = await recordOf(this.#context)
    if (record?.isPaused) return standing.rest('paused')
    if (this.#wasLive && !this.#isUnused(record)) return await this.#standBy()
    if (this.#parking.isRefused || (this.#parking.hasParked && record?.parked)) return standing.rest('parked')
    standing.state = 'rebuilding'
    standing.error = undefined
    const restMs = await this.#rebuilding.runForRunner('changed')
    if (restMs === 0 && !stop.aborted) await this.#takeOver()
    return restMs
  }

  /**
   * Whether no process has run the projection for a while, although it is neither parked nor leased. The process that built the table of other code has
   * ended then, for example a command line. This process builds its own table again, so that some process follows the log.
   */
  #isUnused(record: TableRecord | undefined): boolean {
    const isUsed =
      !record || record.parked !== null || (record.holder !== null && record.holder !== this.#context.holder)
    if (isUsed) this.#unusedSinceMs = undefined
    else this.#unusedSinceMs ??= performance.now()
    return this.#unusedSinceMs !== undefined && performance.now() - this.#unusedSinceMs >= leaseMs
  }

  async #standBy(): Promise<number> {
    const { standing, notify, tables, name, holder } = this.#context
    if (standing.state !== 'standby' || !standing.error) notify({ kind: 'overtaken', name })
    standing.state = 'standby'
    standing.error = {
      message:
        `Another version of the code has built the table "${name}". This process stands by while another process runs that code. ` +
        'If no process runs it, this process builds its own table again.',
    }
    await tables.release(name, holder)
    return leaseMs / 3
  }

  /** The runner of the other code must stop: its table was replaced. */
  async #takeOver(): Promise<void> {
    const holder = (await recordOf(this.#context))?.holder
    if (holder) await this.#context.tables.release(this.#context.name, holder)
  }
}
