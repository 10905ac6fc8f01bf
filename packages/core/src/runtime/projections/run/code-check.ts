// What a runner does when other code filled the live table under the same version. It goes on as if both made the same rows, and meanwhile compares a
// sample of the table with the log. If the rows differ, the version should have been raised, and the table is rebuilt.
import type { TableState } from '../../../store/read-tables.ts'
import { differenceFrom, type Sample, takeSample } from '../compare/index.ts'
import { FoldStopped } from '../fold/index.ts'
import type { Parking } from './parking.ts'
import type { Rebuilding } from './rebuilding.ts'
import { keepLease, type RunContext } from './run-context.ts'

export class CodeCheck {
  readonly #context: RunContext
  readonly #parking: Parking
  readonly #rebuilding: Rebuilding
  #checking: Promise<void> | undefined
  #isDifferent = false

  constructor(context: RunContext, { parking, rebuilding }: { parking: Parking; rebuilding: Rebuilding }) {
    this.#context = context
    this.#parking = parking
    this.#rebuilding = rebuilding
  }

  /** Whether this code makes other rows than those in the table. */
  get isDifferent(): boolean {
    return this.#isDifferent
  }

  /** Begins the comparison, unless one is running. */
  async begin(there: TableState): Promise<void> {
    if (this.#checking) return
    const sample = await takeSample(this.#context, there)
    this.#checking = this.#check(sample).finally(() => {
      this.#checking = undefined
    })
  }

  async idle(): Promise<void> {
    await this.#checking
  }

  /** Returns how long to rest. */
  async replace(): Promise<number> {
    const { standing } = this.#context
    if (this.#parking.isRefused) return standing.rest('parked')
    standing.state = 'rebuilding'
    await using _ = keepLease(this.#context)
    const restMs = await this.#rebuilding.runForRunner('changed')
    if (restMs === 0) this.#isDifferent = false
    return restMs
  }

  async #check(sample: Sample): Promise<void> {
    const { heavyWork, tables, projection, name, notify, stop, wake } = this.#context
    try {
      using _ = await heavyWork.beginInTurn(name, 'compared with the log', stop)
      const difference = await differenceFrom(sample, this.#context, stop)
      if (!difference) return await tables.setCode(name, projection.table.code, sample.of)
      notify({ kind: 'version not raised', name, difference })
    } catch (error) {
      // A fault that may pass: the next time the runner takes the lease, it checks again. Code that cannot fold the log does not agree with the table.
      if (!(error instanceof FoldStopped)) return
    }
    this.#isDifferent = true
    wake.now()
  }
}
