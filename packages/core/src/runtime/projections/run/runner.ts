// Runs one projection: looks at its table again and again, and decides what follows. Each thing that may follow has a file of its own beside this one.
import { IndelibleError, isIndelibleError } from '../../../kernel/errors.ts'
import type { Position } from '../../../kernel/positions.ts'
import type { TableState } from '../../../store/read-tables.ts'
import { describeError } from '../../consumers/status.ts'
import { leaseMs, standByMs } from '../../limits.ts'
import { backoff, pause } from '../../waiting.ts'
import { divergenceOfTable } from '../divergence.ts'
import type { RebuildOptions, RebuildReport } from '../rebuild/index.ts'
import type { ProjectionStatus } from '../status.ts'
import { CodeCheck } from './code-check.ts'
import { DivergedTable } from './diverged-table.ts'
import { LiveTable } from './live-table.ts'
import { OtherCode } from './other-code.ts'
import { Parking } from './parking.ts'
import { Rebuilding } from './rebuilding.ts'
import { type RunContext, type RunnerOptions, Wake } from './run-context.ts'
import { StalenessWatch } from './staleness-watch.ts'
import { standBy } from './standby.ts'
import { Standing } from './standing.ts'

export class ProjectionRunner {
  readonly #context: RunContext
  readonly #stop = new AbortController()
  readonly #parking: Parking
  readonly #rebuilding: Rebuilding
  readonly #otherCode: OtherCode
  readonly #codeCheck: CodeCheck
  readonly #diverged: DivergedTable
  readonly #liveTable: LiveTable
  readonly #staleness: StalenessWatch
  #running: Promise<void> = Promise.resolve()
  #isHere = true
  /** Resolves when it has stood aside. */
  #aside = Promise.withResolvers<void>()

  constructor(options: RunnerOptions) {
    const { name } = options.projection
    const context: RunContext = {
      ...options,
      name,
      holder: `${process.pid}-${options.ids()}`,
      standing: new Standing(name),
      stop: this.#stop.signal,
      wake: new Wake(),
    }
    this.#context = context
    this.#parking = new Parking(context)
    this.#rebuilding = new Rebuilding(context, this.#parking)
    const pieces = { parking: this.#parking, rebuilding: this.#rebuilding }
    this.#otherCode = new OtherCode(context, pieces)
    this.#codeCheck = new CodeCheck(context, pieces)
    this.#diverged = new DivergedTable(context, pieces)
    this.#staleness = new StalenessWatch(context, { isFollowing: () => this.#isFollowing })
    this.#liveTable = new LiveTable(context, { parking: this.#parking, visible: this.#staleness.visible })
  }

  start(): void {
    this.#running = this.#run()
    this.#staleness.start()
  }

  async stop(): Promise<void> {
    const { name, standing, wake } = this.#context
    this.#staleness.stop()
    this.#stop.abort()
    wake.now()
    await this.#running
    await this.#codeCheck.idle()
    if (standing.state !== 'parked') standing.state = 'stopped'
    standing.waiters.fail(new IndelibleError('store_closed', `Projection "${name}" was stopped.`))
  }

  get position(): Position {
    return this.#context.standing.position
  }

  async status(head: Position): Promise<ProjectionStatus> {
    const { name, projection, standing } = this.#context
    const { position } = standing
    const { version, table } = projection
    return {
      name,
      kind: 'projection',
      version,
      fingerprint: table.fingerprint,
      state: standing.state,
      position,
      lagEvents: Math.max(0, head - position),
      staleness: await this.#staleness.staleness(head),
      holder: standing.holder,
      rebuild: this.#rebuilding.progress,
      ...(standing.error ? { error: standing.error } : {}),
    }
  }

  /** Resolves when the table shows everything up to a position. Throws `wait_timeout` or `projection_parked`. */
  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    const { standing, wake } = this.#context
    // A runner that stands by looks more often while a reader waits.
    if (standing.state === 'standby' && standing.position < position) wake.now()
    await standing.waiters.reach(position, options)
  }

  /** Builds the table again and replaces the live one with it. */
  async rebuild(options: RebuildOptions = {}): Promise<RebuildReport> {
    return await this.#rebuilding.run(options, 'asked')
  }

  async setPaused(isPaused: boolean): Promise<void> {
    const { tables, projection, name, standing, wake } = this.#context
    // This may be called before the runner has opened the table.
    await tables.open(projection.table)
    await tables.setPaused(name, isPaused)
    if (!isPaused) {
      await tables.setParked(name, null)
      this.#parking.clear()
      standing.waiters.restart(standing.position)
    }
    wake.now()
  }

  /** Stands aside for another process, or no longer. Resolves when it does. */
  async setHere(isHere: boolean): Promise<void> {
    this.#isHere = isHere
    this.#aside = Promise.withResolvers<void>()
    this.#context.wake.now()
    if (!isHere) await this.#aside.promise
  }

  /** A runner that cannot reach the database still knows how late its table is. */
  get #isFollowing(): boolean {
    const { state } = this.#context.standing
    return state === 'running' || (state === 'retrying' && this.#otherCode.wasLive)
  }

  async #run(): Promise<void> {
    const { tables, name, holder, standing, stop, wake } = this.#context
    for (let attempt = 0; !stop.aborted; ) {
      wake.renew()
      try {
        const restMs = await this.#look()
        attempt = 0
        if (restMs > 0) await pause(restMs, AbortSignal.any([stop, wake.signal]))
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) break
        standing.state = 'retrying'
        standing.error = describeError(error)
        await backoff(attempt++, stop)
      }
    }
    await tables.release(name, holder).catch(() => {})
    this.#aside.resolve()
  }

  /** Looks at the table once, and does what follows. Returns how long to rest before the next look. */
  async #look(): Promise<number> {
    const { tables, store, projection, name, holder, standing, stop } = this.#context
    const { fingerprint, code } = projection.table
    const there = await tables.open(projection.table)
    if (!this.#isHere) return await this.#standAside(there)
    if (there.fingerprint !== fingerprint) return await this.#otherCode.replace()
    this.#otherCode.isLive()
    const waiting = await this.#parking.state()
    if (waiting) return standing.rest(waiting, there.position)
    const lease = await tables.lease(name, { holder, ms: leaseMs })
    standing.holder = lease.holder
    if (!lease.isHeld) return await standBy(this.#context, there)
    // Only the runner with the lease judges the table: otherwise processes with different logs would replace each other's tables.
    const divergence = await divergenceOfTable({ store, tables }, { name, there }, stop)
    if (divergence) return await this.#diverged.replace(divergence, { there, isPaused: lease.isPaused })
    if (lease.isPaused) return standing.rest('paused', there.position)
    if (this.#codeCheck.isDifferent) return await this.#codeCheck.replace()
    if (there.code !== code) await this.#codeCheck.begin(there)
    await this.#liveTable.follow(there, lease.isParked)
    return 0
  }

  async #standAside(there: TableState): Promise<number> {
    const { tables, projection, name, holder, standing } = this.#context
    await tables.release(name, holder)
    this.#aside.resolve()
    standing.holder = null
    if (there.fingerprint === projection.table.fingerprint) return await standBy(this.#context, there)
    standing.state = 'standby'
    return standByMs
  }
}
