// One lease as a process sees it: whether it holds it now, and else who does.
import type { HeldLease, LeaseReport } from '../../store/leases.ts'

/** A time in which this process holds a lease. */
export interface Term {
  /** Nothing where the process has its stores alone. */
  readonly token: number | undefined
  /** Aborts when the process must stop what it does under the lease: it was lost, or another process is to have it. */
  readonly over: AbortSignal
  /** Something that was written was refused: another process has the lease. */
  lose(): void
}

export interface HoldingOptions {
  readonly name: string
  /** False where the process has its stores alone: then it holds everything. */
  readonly isShared: boolean
  /** The term has ended, and nothing is done under it any more. */
  readonly ended: () => void
}

export class Holding {
  readonly #options: HoldingOptions
  #term: Term | undefined
  #over = new AbortController()
  #taken = Promise.withResolvers<void>()
  #seen: HeldLease | undefined
  /** What is told to others while the lease is held. */
  report: () => LeaseReport = () => ({ position: 0, state: 'starting' })
  /** Called with what another process tells, as long as that holds it. */
  told: (report: LeaseReport) => void = () => {}

  constructor(options: HoldingOptions) {
    this.#options = options
    if (!options.isShared) this.begin(undefined)
  }

  get name(): string {
    return this.#options.name
  }

  get isShared(): boolean {
    return this.#options.isShared
  }

  /** The term that has begun and was not told to have {@link ended}. */
  get term(): Term | undefined {
    return this.#term
  }

  /** The process that has it, if that is known. */
  get holder(): string | undefined {
    return this.#seen?.holder
  }

  /** What its holder tells, if that is another process. */
  get elsewhere(): LeaseReport | undefined {
    return this.#term ? undefined : (this.#seen?.report ?? undefined)
  }

  /** Resolves when the process holds it, or with nothing when the signal aborts. */
  async taken(signal: AbortSignal): Promise<Term | undefined> {
    const stopped = () => this.#taken.resolve()
    signal.addEventListener('abort', stopped)
    while (!this.#term && !signal.aborted) {
      await this.#taken.promise
      this.#taken = Promise.withResolvers<void>()
    }
    signal.removeEventListener('abort', stopped)
    return signal.aborted ? undefined : this.#term
  }

  ended(): void {
    if (!this.isShared || !this.#term) return
    this.#term = undefined
    this.#options.ended()
  }

  begin(token: number | undefined): void {
    const over = new AbortController()
    this.#over = over
    this.#term = { token, over: over.signal, lose: () => over.abort() }
    this.#taken.resolve()
  }

  /** Tells whoever works under the lease to stop between two steps. */
  giveUp(): void {
    this.#over.abort()
  }

  see(lease: HeldLease | undefined): void {
    this.#seen = lease
    if (!this.#term && lease?.report) this.told(lease.report)
  }
}
