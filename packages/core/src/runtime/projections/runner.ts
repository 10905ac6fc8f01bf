// Runs one projection: takes the right to do so, follows the log, parks at what its code cannot handle, and builds its table anew when the code changed.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { epochMs, instant } from '../../kernel/time.ts'
import type { Parked, TableRecord, TableState } from '../../store/read-tables.ts'
import { leaseMs, remoteWaitMs, staleCheckMs, standByMs } from '../limits.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause } from '../waiting.ts'
import { isAhead, tablesAhead } from './ahead.ts'
import { follow } from './follow.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import type { ProjectionParts } from './parts.ts'
import { type RebuildOptions, type RebuildReport, rebuildTable } from './rebuild.ts'
import type { FoldFailure } from './row-fold.ts'
import { StalenessMeter } from './staleness.ts'
import {
  describeError,
  errorOfParked,
  type ProjectionError,
  type ProjectionNotice,
  type ProjectionState,
  type ProjectionStatus,
  type RebuildProgress,
} from './status.ts'
import { FoldStopped, parkedError } from './whole-fold.ts'

export interface RunnerParts extends ProjectionParts {
  readonly notify: (notice: ProjectionNotice) => void
}

export class ProjectionRunner {
  readonly #parts: RunnerParts
  readonly #name: string
  /** Of this runner, among all that may run the projection. */
  readonly #me: string
  readonly #stop = new AbortController()
  readonly #waiters: Waiters
  readonly #meter: StalenessMeter
  #running: Promise<void> = Promise.resolve()
  #state: ProjectionState = 'starting'
  #error: ProjectionError | undefined
  #holder: string | null = null
  #rebuild: RebuildProgress | null = null
  /** Ends what the runner rests for. */
  #wake = new AbortController()
  /** Whether a handler failed in this process since it was last resumed. */
  #hasParked = false
  /** Whether the table of this code could not be built, since it was last resumed. */
  #isRefused = false
  /** Whether the live table was filled by this code while this process ran: then it does not take the table back from newer code. */
  #wasLive = false
  /** The database refused a row of some event up to here. */
  #singlyThrough: Position = 0
  #isStale = false
  #staleTimer: NodeJS.Timeout | undefined

  constructor(parts: RunnerParts) {
    this.#parts = parts
    this.#name = parts.projection.name
    this.#me = `${process.pid}-${parts.ids()}`
    this.#waiters = new Waiters(`Projection "${this.#name}"`)
    this.#meter = new StalenessMeter(parts.clock)
  }

  start(): void {
    this.#running = this.#run()
    this.#staleTimer = setInterval(() => this.#checkStaleness(), staleCheckMs).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#staleTimer)
    this.#stop.abort()
    this.#wake.abort()
    await this.#running
    if (this.#state !== 'parked') this.#state = 'stopped'
    this.#waiters.fail(new IndelibleError('store_closed', `Projection "${this.#name}" was stopped.`))
  }

  async status(head: Position): Promise<ProjectionStatus> {
    const { projection } = this.#parts
    const { reached: position } = this.#waiters
    const [p50Ms, p99Ms] = this.#meter.percentiles([0.5, 0.99]) as [number | null, number | null]
    return {
      name: this.#name,
      version: projection.table.fingerprint,
      state: this.#state,
      position,
      lagEvents: Math.max(0, head - position),
      staleness: { targetMs: projection.staleness.targetMs, lagMs: await this.#lagMs(head), p50Ms, p99Ms },
      holder: this.#holder,
      rebuild: this.#rebuild,
      ...(this.#error ? { error: this.#error } : {}),
    }
  }

  /** Resolves when the table shows everything up to a position. Throws `wait_timeout` or `projection_parked`. */
  async waitFor(position: Position, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void> {
    // Who stands by looks more often while somebody waits.
    if (this.#state === 'standby' && this.#waiters.reached < position) this.#poke()
    await this.#waiters.reach(position, options)
  }

  /** Builds the table anew and puts it in the place of the live one. */
  async rebuild(options: RebuildOptions = {}, because: 'asked' | 'changed' = 'asked'): Promise<RebuildReport> {
    if (this.#rebuild)
      throw new IndelibleError('projection_busy', `The table of "${this.#name}" is being built already.`)
    const startedAt = instant(this.#parts.clock.now())
    this.#rebuild = { phase: 'folding', done: 0, total: 0, startedAt }
    let hasBegun = false
    try {
      const signal = options.signal ? AbortSignal.any([options.signal, this.#stop.signal]) : this.#stop.signal
      const report = await rebuildTable(this.#parts, {
        signal,
        progress: (progress) => {
          this.#rebuild = progress
          // Not before it is certain that nobody else is at it.
          if (!hasBegun) this.#parts.notify({ kind: 'rebuilding', name: this.#name, because })
          hasBegun = true
          options.progress?.(progress)
        },
      })
      const { rows, position, ms } = report
      this.#parts.notify({ kind: 'rebuilt', name: this.#name, rows, position, ms })
      this.#hasParked = false
      this.#isRefused = false
      // Whatever it stood still at, nobody need hear of it any more.
      this.#waiters.restart(position)
      this.#poke()
      return report
    } finally {
      this.#rebuild = null
    }
  }

  async setPaused(isPaused: boolean): Promise<void> {
    const { tables, projection } = this.#parts
    // The first thing that a runner does; somebody may be faster.
    await tables.open(projection.table)
    await tables.setPaused(this.#name, isPaused)
    if (!isPaused) {
      await tables.setParked(this.#name, null)
      this.#hasParked = false
      this.#isRefused = false
      this.#waiters.restart(this.#waiters.reached)
    }
    this.#poke()
  }

  #poke(): void {
    this.#wake.abort()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    for (let attempt = 0; !signal.aborted; ) {
      this.#wake = new AbortController()
      try {
        const restMs = await this.#turn()
        attempt = 0
        if (restMs > 0) await pause(restMs, AbortSignal.any([signal, this.#wake.signal]))
      } catch (error) {
        if (isIndelibleError(error, 'store_closed')) break
        this.#state = 'retrying'
        this.#error = describeError(error)
        await backoff(attempt++, signal)
      }
    }
    await this.#parts.tables.release(this.#name, this.#me).catch(() => {})
  }

  /** One look at how things stand, and what follows from it. Gives how long to rest before the next. */
  async #turn(): Promise<number> {
    const { tables, store, projection } = this.#parts
    const { fingerprint } = projection.table
    const there = await tables.open(projection.table)
    if (there.fingerprint !== fingerprint) return await this.#replaceOther()
    this.#wasLive = true
    if (await isAhead(store, there.position, this.#stop.signal)) {
      const { position: head } = await store.head()
      const { generation } = await tables.open(projection.table)
      // Otherwise it was built anew meanwhile.
      return generation === there.generation ? this.#parkAhead(there, head) : 0
    }
    const standing = await this.#standing()
    if (standing) return this.#rest(standing, there)
    const lease = await tables.lease(this.#name, { holder: this.#me, ms: leaseMs })
    this.#holder = lease.holder
    if (!lease.isHeld) return await this.#standBy(there)
    if (lease.isPaused) return this.#rest('paused', there)
    await this.#follow(there, lease.isParked)
    return 0
  }

  /** After a handler failed here: whether somebody has resumed the projection since. Other processes may have other code, so none holds on to it. */
  async #standing(): Promise<'paused' | 'parked' | undefined> {
    const record = this.#hasParked ? await this.#record() : undefined
    if (record?.isPaused) return 'paused'
    return record?.parked ? 'parked' : undefined
  }

  async #record(): Promise<TableRecord | undefined> {
    return (await this.#parts.tables.list()).find(({ name }) => name === this.#name)
  }

  async #follow({ position: after, generation }: TableState, wasParked: boolean): Promise<void> {
    const { tables } = this.#parts
    this.#state = 'running'
    this.#error = undefined
    this.#hasParked = false
    if (wasParked) await tables.setParked(this.#name, null)
    this.#waiters.restart(after)
    await using keeper = new LeaseKeeper({
      tables,
      name: this.#name,
      holder: this.#me,
      isOver: ({ isPaused }) => isPaused,
    })
    const end = await follow(this.#parts, {
      table: this.#parts.projection.table,
      generation,
      after,
      singlyThrough: this.#singlyThrough,
      signal: AbortSignal.any([this.#stop.signal, keeper.over, this.#wake.signal]),
      reached: (position) => this.#waiters.advance(position),
      visible: ({ events, oldestMs, newestMs }) => {
        this.#meter.add(oldestMs, Math.ceil(events / 2))
        this.#meter.add(newestMs, Math.floor(events / 2))
      },
    })
    this.#singlyThrough = 0
    if (typeof end === 'string') return
    if ('failure' in end) await this.#park(end.failure)
    else this.#singlyThrough = end.refusedThrough
  }

  /** Another process runs it. Waiting here is to look there. */
  async #standBy(there: TableState): Promise<number> {
    this.#state = 'standby'
    this.#error = undefined
    this.#waiters.restart(there.position)
    const { tables, projection } = this.#parts
    const until = performance.now() + standByMs
    while (this.#waiters.count > 0 && performance.now() < until && !this.#stop.signal.aborted) {
      await pause(remoteWaitMs, this.#stop.signal)
      const { fingerprint, position } = await tables.state(projection.table)
      if (fingerprint === projection.table.fingerprint) this.#waiters.advance(position)
    }
    return this.#waiters.count > 0 ? 1 : standByMs
  }

  /** `there` is the table, where this code filled it. */
  #rest(state: 'paused' | 'parked', there?: TableState): number {
    this.#state = state
    if (there) this.#waiters.advance(there.position)
    return leaseMs / 3
  }

  /** Other code filled the table: older code, as a rule, and this one's table is built beside it. */
  async #replaceOther(): Promise<number> {
    if (this.#wasLive) {
      this.#state = 'standby'
      this.#error = {
        message: `Other code than that of this process has taken over the table "${this.#name}". Stop this process, or start it again to take it back.`,
      }
      await this.#parts.tables.release(this.#name, this.#me)
      return leaseMs
    }
    const record = await this.#record()
    if (record?.isPaused) return this.#rest('paused')
    if (this.#isRefused || (this.#hasParked && record?.parked)) return this.#rest('parked')
    this.#state = 'rebuilding'
    this.#error = undefined
    try {
      await this.rebuild({}, 'changed')
      await this.#takeOver()
      return 0
    } catch (error) {
      if (this.#stop.signal.aborted) return 0
      if (error instanceof FoldStopped) {
        await this.#park(error.failure)
        return leaseMs / 3
      }
      // Another process with the same code is at it.
      if (isIndelibleError(error, 'projection_busy')) return standByMs
      if (isIndelibleError(error, 'invalid_row') || isIndelibleError(error, 'table_mismatch'))
        return this.#refuse(error)
      throw error
    }
  }

  /** The same log and the same code would end the same way once more. */
  #refuse(error: IndelibleError): number {
    this.#isRefused = true
    this.#error = describeError(error)
    this.#parts.notify({ kind: 'parked', name: this.#name, error: this.#error })
    this.#waiters.fail(error)
    return this.#rest('parked')
  }

  /** Whoever ran the projection has other code, and must not run it any more. */
  async #takeOver(): Promise<void> {
    const holder = (await this.#record())?.holder
    if (holder) await this.#parts.tables.release(this.#name, holder)
  }

  async #park(failure: FoldFailure): Promise<void> {
    const { tables, clock, projection } = this.#parts
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
    this.#state = 'parked'
    this.#error = errorOfParked(parked)
    this.#parts.notify({ kind: 'parked', name: this.#name, error: this.#error })
    this.#waiters.fail(parkedError(this.#name, failure))
    await tables.setParked(this.#name, parked)
    await tables.release(this.#name, this.#me)
  }

  /** The table shows events that the log does not have. To go on would be to skip the next ones. */
  #parkAhead({ position }: TableState, head: Position): number {
    const error = tablesAhead(this.#name, { position, head })
    this.#state = 'parked'
    this.#error = describeError(error)
    this.#waiters.fail(error)
    return leaseMs / 3
  }

  /** How old the oldest event is that concerns this table and is not in it. */
  async #lagMs(head: Position): Promise<number> {
    const { store, projection, clock } = this.#parts
    const from = this.#waiters.reached + 1
    if (from > head) return 0
    for await (const { events } of store.read([{ types: projection.eventTypes }], { from, to: head, limit: 1 })) {
      const [oldest] = events
      if (oldest) return Math.max(0, clock.now() - epochMs(oldest.recordedAt))
    }
    return 0
  }

  #checkStaleness(): void {
    // Who cannot get at the database knows no less how late its table is.
    if (this.#state !== 'running' && !(this.#state === 'retrying' && this.#wasLive)) return
    const { store, projection, notify } = this.#parts
    const { targetMs } = projection.staleness
    void (async () => {
      const lagMs = await this.#lagMs((await store.head()).position)
      const isStale = lagMs > targetMs
      if (isStale === this.#isStale) return
      this.#isStale = isStale
      notify(isStale ? { kind: 'stale', name: this.#name, lagMs, targetMs } : { kind: 'fresh', name: this.#name })
    })().catch(() => {})
  }
}
