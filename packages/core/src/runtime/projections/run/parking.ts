// A projection that its code cannot carry on: a handler failed, or its table could not be built. An operator resumes it, or another version of the code.
import type { IndelibleError } from '../../../kernel/errors.ts'
import { instant } from '../../../kernel/time.ts'
import type { Parked } from '../../../store/read-tables.ts'
import { describeError } from '../../consumers/status.ts'
import { type FoldFailure, parkedError } from '../fold/index.ts'
import { errorOfParked } from '../status.ts'
import { type RunContext, recordOf } from './run-context.ts'

export class Parking {
  readonly #context: RunContext
  #hasParked = false
  #isRefused = false

  constructor(context: RunContext) {
    this.#context = context
  }

  /** Whether a handler failed in this process since the projection was last resumed. */
  get hasParked(): boolean {
    return this.#hasParked
  }

  /** Whether the table of this code could not be built, since the projection was last resumed. */
  get isRefused(): boolean {
    return this.#isRefused
  }

  /** The projection goes on. */
  follows(): void {
    this.#hasParked = false
  }

  /** The projection was resumed, or has a new table. */
  clear(): void {
    this.#hasParked = false
    this.#isRefused = false
  }

  /** If a handler failed here: whether the projection still has to wait. Other processes may have other code, so the database knows. */
  async state(): Promise<'paused' | 'parked' | undefined> {
    const record = this.#hasParked ? await recordOf(this.#context) : undefined
    if (record?.isPaused) return 'paused'
    return record?.parked ? 'parked' : undefined
  }

  async park(failure: FoldFailure): Promise<void> {
    const { tables, clock, projection, name, holder, standing, notify } = this.#context
    const { event, row, error } = failure
    const parked: Parked = {
      position: event.position,
      eventId: event.id,
      type: event.type,
      stream: event.stream,
      row,
      ...describeError(error),
      fingerprint: projection.table.fingerprint,
      at: instant(clock.now()),
    }
    this.#hasParked = true
    standing.state = 'parked'
    standing.error = errorOfParked(parked)
    notify({ kind: 'parked', name, error: standing.error })
    standing.waiters.fail(parkedError(name, failure))
    await tables.setParked(name, parked)
    await tables.release(name, holder)
  }

  /** The table could not be built, and the same log and the same code would end the same way again. Returns how long to rest. */
  refuse(error: IndelibleError): number {
    const { name, standing, notify } = this.#context
    this.#isRefused = true
    standing.error = describeError(error)
    notify({ kind: 'parked', name, error: standing.error })
    standing.waiters.fail(error)
    return standing.rest('parked')
  }
}
