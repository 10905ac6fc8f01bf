// Runs one projection: takes the right to do so, follows the log, parks at what its code cannot handle, and builds its table anew when the code changed.
import { IndelibleError, isIndelibleError } from '../../kernel/errors.ts'
import type { Position } from '../../kernel/positions.ts'
import { epochMs, instant } from '../../kernel/time.ts'
import type { Parked, TableRecord, TableState } from '../../store/read-tables.ts'
import { type ConsumerState, describeError } from '../consumers/status.ts'
import { leaseMs, remoteWaitMs, staleCheckMs, standByMs } from '../limits.ts'
import { Waiters } from '../waiters.ts'
import { backoff, pause } from '../waiting.ts'
import { differenceFrom, type Sample, takeSample } from './code-check.ts'
import { type Divergence, divergenceOf, divergenceOfTable, tableDiverged } from './divergence.ts'
import { follow } from './follow.ts'
import type { HeavyWork } from './heavy-work.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import type { ProjectionParts } from './parts.ts'
import { type RebuildOptions, type RebuildReport, rebuildTable } from './rebuild.ts'
import type { FoldFailure } from './row-fold.ts'
import { StalenessMeter } from './staleness.ts'
import {
  errorOfParked,
  type ProjectionError,
  type ProjectionNotice,
  type ProjectionStatus,
  type RebuildProgress,
  type RebuildReason,
} from './status.ts'
import { FoldStopped, parkedError } from './whole-fold.ts'

export interface RunnerParts extends ProjectionParts {
  readonly heavyWork: HeavyWork
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
  #state: ConsumerState = 'starting'
  #error: ProjectionError | undefined
  #holder: string | null = null
  #rebuild: RebuildProgress | null = null
  /** Ends what the runner rests for. */
  #wake = new AbortController()
  /** Whether a handler failed in this process since it was last resumed. */
  #hasParked = false
  /** Whether the table of this code could not be built, since it was last resumed. */
  #isRefused = false
  /** Whether the live table was filled by this code while this process ran: then it leaves the table to newer code, as long as somebody runs that. */
  #wasLive = false
  /** Since when nobody was seen to follow the table of other code. */
  #forsakenSinceMs: number | undefined
  /** The generation of a table that was told of as diverged. */
  #toldDiverged: number | undefined
  /** While a sample of a table that other code filled is compared. */
  #checking: Promise<void> | undefined
  /** Whether this code was found to make other rows than those of the table. */
  #isUnlike = false
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
    await this.#checking
    if (this.#state !== 'parked') this.#state = 'stopped'
    this.#waiters.fail(new IndelibleError('store_closed', `Projection "${this.#name}" was stopped.`))
  }

  get position(): Position {
    return this.#waiters.reached
  }

  async status(head: Position): Promise<ProjectionStatus> {
    const { projection } = this.#parts
    const { reached: position } = this.#waiters
    const [p50Ms, p99Ms] = this.#meter.percentiles([0.5, 0.99]) as [number | null, number | null]
    return {
      name: this.#name,
      kind: 'projection',
      version: projection.version,
      fingerprint: projection.table.fingerprint,
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
  async rebuild(options: RebuildOptions = {}, because: RebuildReason = 'asked'): Promise<RebuildReport> {
    const { heavyWork } = this.#parts
    const turn = AbortSignal.any([this.#stop.signal, this.#wake.signal])
    using _ =
      because === 'asked'
        ? heavyWork.begin(this.#name, 'built anew')
        : await heavyWork.beginInTurn(this.#name, 'built anew', turn)
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
    this.#forsakenSinceMs = undefined
    const standing = await this.#standing()
    if (standing) return this.#rest(standing, there)
    const lease = await tables.lease(this.#name, { holder: this.#me, ms: leaseMs })
    this.#holder = lease.holder
    if (!lease.isHeld) return await this.#standBy(there)
    // Only who runs the projection judges its table: otherwise processes with different logs would replace each other's.
    const divergence = await divergenceOfTable({ store, tables }, { name: this.#name, there }, this.#stop.signal)
    if (divergence) return await this.#replaceDiverged(divergence, { there, isPaused: lease.isPaused })
    if (lease.isPaused) return this.#rest('paused', there)
    if (this.#isUnlike) return await this.#replaceUnlike()
    if (there.code !== projection.table.code) await this.#beginCodeCheck(there)
    await this.#follow(there, lease.isParked)
    return 0
  }

  /** Other code filled the table under the same version. It goes on as if the two agreed, while a sample is compared beside it. */
  async #beginCodeCheck(there: TableState): Promise<void> {
    if (this.#checking) return
    const sample = await takeSample(this.#parts, there)
    this.#checking = this.#checkCode(sample).finally(() => {
      this.#checking = undefined
    })
  }

  async #checkCode(sample: Sample): Promise<void> {
    const { heavyWork, tables, projection, notify } = this.#parts
    const { signal } = this.#stop
    try {
      using _ = await heavyWork.beginInTurn(this.#name, 'compared with the log', signal)
      const difference = await differenceFrom(sample, this.#parts, signal)
      if (!difference) return await tables.setCode(this.#name, projection.table.code, sample.of)
      notify({ kind: 'version not raised', name: this.#name, difference })
    } catch (error) {
      // A fault that may pass: it is looked at again when the projection is next taken up. Code that cannot fold the log does not agree with the table.
      if (!(error instanceof FoldStopped)) return
    }
    this.#isUnlike = true
    this.#poke()
  }

  async #replaceUnlike(): Promise<number> {
    if (this.#isRefused) return this.#rest('parked')
    this.#state = 'rebuilding'
    await using _ = new LeaseKeeper({
      tables: this.#parts.tables,
      name: this.#name,
      holder: this.#me,
      isOver: () => false,
    })
    const restMs = await this.#buildAnew('changed')
    if (restMs === 0) this.#isUnlike = false
    return restMs
  }

  /** The table shows what this log does not have. Nothing is added to it, and it is built anew from this log, unless an operator wants the projection to stand still. */
  async #replaceDiverged(
    divergence: Divergence,
    { there, isPaused }: { there: TableState; isPaused: boolean },
  ): Promise<number> {
    if (this.#isRefused) return this.#rest('parked')
    // Nobody may believe that it shows what he waits for.
    this.#waiters.restart(0)
    this.#error = describeError(tableDiverged(this.#name, divergence))
    if (this.#toldDiverged !== there.generation) {
      this.#toldDiverged = there.generation
      this.#parts.notify({ kind: 'diverged', name: this.#name, ...divergence })
    }
    if (isPaused) return this.#rest('paused')
    this.#state = 'diverged'
    await using _ = new LeaseKeeper({
      tables: this.#parts.tables,
      name: this.#name,
      holder: this.#me,
      isOver: () => false,
    })
    return await this.#buildAnew('diverged')
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
    const { tables, projection, store } = this.#parts
    const divergence = await divergenceOf(store, there, this.#stop.signal)
    const error = divergence && tableDiverged(this.#name, divergence)
    this.#state = error ? 'diverged' : 'standby'
    this.#error = error && describeError(error)
    this.#waiters.restart(error ? 0 : there.position)
    // As long as the other process runs it, from its log.
    if (error) this.#waiters.fail(error)
    const until = performance.now() + standByMs
    while (this.#waiters.count > 0 && performance.now() < until && !this.#stop.signal.aborted) {
      await pause(remoteWaitMs, this.#stop.signal)
      const state = await tables.state(projection.table)
      if (state.fingerprint === projection.table.fingerprint && (await this.#isOfThisLog(state)))
        this.#waiters.advance(state.position)
    }
    return this.#waiters.count > 0 ? 1 : standByMs
  }

  /** At once: what this process does not count as written yet may be so the next time. */
  async #isOfThisLog({ position, history, isDiverged }: TableState): Promise<boolean> {
    return !isDiverged && (position === 0 || (await this.#parts.store.historyAt(position)) === history)
  }

  /** `there` is the table, where this code filled it. */
  #rest(state: 'paused' | 'parked', there?: TableState): number {
    this.#state = state
    if (there) this.#waiters.advance(there.position)
    return leaseMs / 3
  }

  /** Other code filled the table: older code, as a rule, and this one's table is built beside it. */
  async #replaceOther(): Promise<number> {
    const record = await this.#record()
    if (record?.isPaused) return this.#rest('paused')
    if (this.#wasLive && !this.#isForsaken(record)) return await this.#yieldToOther()
    if (this.#isRefused || (this.#hasParked && record?.parked)) return this.#rest('parked')
    this.#state = 'rebuilding'
    this.#error = undefined
    const restMs = await this.#buildAnew('changed')
    if (restMs === 0 && !this.#stop.signal.aborted) await this.#takeOver()
    return restMs
  }

  /**
   * Whether nobody has run the projection for a while, though nothing keeps it from being run: whoever built the table of other code has gone, as a
   * command line does. Then this code builds its own again, so that somebody follows the log.
   */
  #isForsaken(record: TableRecord | undefined): boolean {
    const isRun = !record || record.parked !== null || (record.holder !== null && record.holder !== this.#me)
    if (isRun) this.#forsakenSinceMs = undefined
    else this.#forsakenSinceMs ??= performance.now()
    return this.#forsakenSinceMs !== undefined && performance.now() - this.#forsakenSinceMs >= leaseMs
  }

  async #yieldToOther(): Promise<number> {
    if (this.#state !== 'standby' || !this.#error) this.#parts.notify({ kind: 'overtaken', name: this.#name })
    this.#state = 'standby'
    this.#error = {
      message:
        `Other code than that of this process has built the table "${this.#name}". This process stands by while another runs that code. ` +
        'If none does, it builds the table of its own code again.',
    }
    await this.#parts.tables.release(this.#name, this.#me)
    return leaseMs / 3
  }

  /** Gives how long to rest where that did not come to its end. */
  async #buildAnew(because: Exclude<RebuildReason, 'asked'>): Promise<number> {
    try {
      await this.rebuild({}, because)
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

  /** How old the oldest event is that concerns this table and is not in it. */
  async #lagMs(head: Position): Promise<number> {
    const { store, projection, clock } = this.#parts
    const from = this.#waiters.reached + 1
    if (from > head) return 0
    const types = projection.events.map(({ type }) => type)
    for await (const { events } of store.read([{ types }], { from, to: head, limit: 1 })) {
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
