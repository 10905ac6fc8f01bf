// Rebuilds the table of a running projection, because an operator asked for it or because the runner has to.
import { isIndelibleError } from '../../../kernel/errors.ts'
import { instant } from '../../../kernel/time.ts'
import { leaseMs, standByMs } from '../../limits.ts'
import { FoldStopped } from '../fold/index.ts'
import { type RebuildOptions, type RebuildReport, rebuildTable } from '../rebuild/index.ts'
import type { RebuildProgress, RebuildReason } from '../status.ts'
import type { Parking } from './parking.ts'
import type { RunContext } from './run-context.ts'

export class Rebuilding {
  readonly #context: RunContext
  readonly #parking: Parking
  #progress: RebuildProgress | null = null

  constructor(context: RunContext, parking: Parking) {
    this.#context = context
    this.#parking = parking
  }

  get progress(): RebuildProgress | null {
    return this.#progress
  }

  async run(options: RebuildOptions, because: RebuildReason): Promise<RebuildReport> {
    const { heavyWork, name, clock, stop, wake, notify, standing } = this.#context
    const turn = AbortSignal.any([stop, wake.signal])
    using _ =
      because === 'asked' ? heavyWork.begin(name, 'rebuilt') : await heavyWork.beginInTurn(name, 'rebuilt', turn)
    this.#progress = { phase: 'folding', done: 0, total: 0, startedAt: instant(clock.now()) }
    let hasBegun = false
    try {
      const report = await rebuildTable(this.#context, {
        signal: options.signal ? AbortSignal.any([options.signal, stop]) : stop,
        progress: (progress) => {
          this.#progress = progress
          // Only now is it certain that no other process rebuilds it.
          if (!hasBegun) notify({ kind: 'rebuilding', name, because })
          hasBegun = true
          options.progress?.(progress)
        },
      })
      const { rows, position, ms } = report
      notify({ kind: 'rebuilt', name, rows, position, ms })
      // The reason for which it was parked is gone.
      this.#parking.clear()
      standing.waiters.restart(position)
      wake.now()
      return report
    } finally {
      this.#progress = null
    }
  }

  /** Returns 0 if the table was rebuilt, else how long to rest. */
  async runForRunner(because: Exclude<RebuildReason, 'asked'>): Promise<number> {
    try {
      await this.run({}, because)
      return 0
    } catch (error) {
      if (this.#context.stop.aborted) return 0
      if (error instanceof FoldStopped) {
        await this.#parking.park(error.failure)
        return leaseMs / 3
      }
      // Another process with the same code rebuilds it.
      if (isIndelibleError(error, 'projection_busy')) return standByMs
      if (isIndelibleError(error, 'invalid_row') || isIndelibleError(error, 'table_mismatch'))
        return this.#parking.refuse(error)
      throw error
    }
  }
}
