// What operators do with projections from a process that does not run them: look, rebuild, check, pause, resume.
import { type KeepPastOptions, keepPast, type PastTable } from '../../history/past-table.ts'
import { throwIfAborted } from '../../kernel/abort.ts'
import { IndelibleError } from '../../kernel/errors.ts'
import type { IdGenerator } from '../../kernel/ids.ts'
import { position as checkedPosition, type Position } from '../../kernel/positions.ts'
import type { Projection } from '../../kernel/projections.ts'
import type { System } from '../../kernel/system.ts'
import { systemClock, systemIds } from '../../kernel/system-clock.ts'
import { pastTableName, previousTableName } from '../../kernel/tables.ts'
import type { Clock } from '../../kernel/time.ts'
import { checkedDuration } from '../../kernel/timers.ts'
import { DomainLog } from '../../store/domain-log.ts'
import type { Checkpoint, EventStore } from '../../store/port.ts'
import type { ReadTables } from '../../store/read-tables.ts'
import { type DomainCode, guardOf } from '../guard/index.ts'
import { parkedLookMs, remoteWaitMs, waitTimeoutMsDefault } from '../limits.ts'
import { Telemetry } from '../telemetry/index.ts'
import { pause } from '../waiting.ts'
import { type CheckOptions, checkTable, type TableCheck } from './compare/index.ts'
import type { ProjectionContext } from './context.ts'
import { divergenceOf } from './divergence.ts'
import { parkedError } from './fold/index.ts'
import { HeavyWork } from './heavy-work.ts'
import { type RebuildOptions, type RebuildReport, rebuildTable } from './rebuild/index.ts'
import { type ProjectionView, viewOf } from './view.ts'

export interface OperatorOptions {
  /** It may be open for reading only. */
  readonly store: EventStore
  readonly tables: ReadTables
  readonly clock?: Clock
  readonly ids?: IdGenerator
  /** As in `SystemOptions`. */
  readonly domainCode?: DomainCode
}

export class ProjectionOperator {
  readonly #system: System
  readonly #context: Omit<ProjectionContext, 'projection'>
  readonly #heavyWork = new HeavyWork()

  /** The caller closes the store and the tables. */
  constructor(system: System, { domainCode, ...options }: OperatorOptions) {
    this.#system = system
    const log = new DomainLog(options.store)
    this.#context = {
      clock: systemClock,
      ids: systemIds,
      ...options,
      log,
      guard: guardOf(domainCode, 'impure_projector'),
      telemetry: new Telemetry(),
    }
  }

  /** All projections, in the order of declaration. Throws `tables_unavailable`. */
  async list(): Promise<readonly ProjectionView[]> {
    const { store, tables } = this.#context
    const records = new Map((await tables.list()).map((record) => [record.name, record]))
    const diverged = new Set<string>()
    const isDiverged = async ({ name }: Projection) => {
      const record = records.get(name)
      if (record && (record.isDiverged || (await divergenceOf(store, record)))) diverged.add(name)
    }
    await Promise.all(this.#system.projections.map(isDiverged))
    // This comes last, so that no checkpoint is beyond the head.
    const { position: head } = await store.head()
    return this.#system.projections.map((projection) => viewOf(projection, records, { head, diverged }))
  }

  /** Throws `unknown_projection`, `tables_unavailable`. */
  async show(name: string): Promise<ProjectionView> {
    this.#declared(name)
    return (await this.list()).find((view) => view.name === name)!
  }

  /**
   * Read your own writes, in a process that runs no projections. Resolves when the table shows everything up to a position.
   * Throws `wait_timeout` (with `details.reached`), `projection_parked`, `unknown_projection`, `invalid_position`, `invalid_duration`, `tables_unavailable`, `aborted`.
   */
  async waitFor(
    name: string,
    to: Position,
    { timeoutMs = waitTimeoutMsDefault, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<void> {
    const declared = this.#declared(name)
    const { table } = declared
    const position = checkedPosition(to)
    checkedDuration('timeoutMs', timeoutMs)
    const began = performance.now()
    let nextLookMs: number = parkedLookMs
    const stop = signal ?? new AbortController().signal
    for (;;) {
      throwIfAborted(signal)
      const there = await this.#context.tables.state(table)
      const isOurs = there.fingerprint === table.fingerprint && !there.isDiverged
      const reached = there.position
      if (isOurs && reached >= position && (await this.#isOfThisLog(there))) return
      const waitedMs = performance.now() - began
      if (waitedMs >= Math.min(nextLookMs, timeoutMs)) {
        const parked = await this.#parkedBefore(position, declared)
        if (parked) throw parked
        nextLookMs = waitedMs + parkedLookMs
      }
      const left = timeoutMs - waitedMs
      if (left <= 0) throw timedOut(name, { position, reached: isOurs ? reached : 0, timeoutMs })
      await pause(Math.min(left, remoteWaitMs), stop)
    }
  }

  /** As `RunningSystem.rebuild`, but this process does it. */
  async rebuild(name: string, options?: RebuildOptions): Promise<RebuildReport> {
    const context = this.#contextOf(name)
    using _ = this.#heavyWork.begin(name, 'rebuilt')
    return await rebuildTable(context, options)
  }

  /** As `RunningSystem.verifyTable`. */
  async verify(name: string, options?: CheckOptions): Promise<TableCheck> {
    const context = this.#contextOf(name)
    using _ = this.#heavyWork.begin(name, 'compared with the log')
    return await checkTable(context, options)
  }

  /** The process that runs the projection pauses it within a second. Throws `unknown_projection`, `tables_unavailable`. */
  async pause(name: string): Promise<void> {
    const { tables } = this.#context
    await tables.open(this.#declared(name).table)
    await tables.setPaused(name, true)
  }

  /** A paused or parked projection goes on at its position. */
  async resume(name: string): Promise<void> {
    const { tables } = this.#context
    await tables.open(this.#declared(name).table)
    await tables.setParked(name, null)
    await tables.setPaused(name, false)
  }

  /** The table as of a point of history, beside the live one; see {@link keepPast}. Throws `unknown_projection`. */
  async keepPast(name: string, options: KeepPastOptions): Promise<PastTable> {
    return await keepPast(this.#context, this.#declared(name), options)
  }

  /** Drops the table of a point of history. */
  async dropPast(name: string): Promise<void> {
    await this.#context.tables.drop(pastTableName(this.#declared(name).name))
  }

  /** Drops the table that was replaced by the last rebuild. */
  async dropPrevious(name: string): Promise<void> {
    await this.#context.tables.drop(previousTableName(this.#declared(name).name))
  }

  /** An event that this process does not count as written yet counts as another history until it does. */
  async #isOfThisLog({ position, history }: Checkpoint): Promise<boolean> {
    return position === 0 || (await this.#context.store.historyAt(position)) === history
  }

  /** Nothing if this code may still reach the position: other code is parked, or this code is parked beyond the position. */
  async #parkedBefore(position: Position, { name, table }: Projection): Promise<IndelibleError | undefined> {
    const record = (await this.#context.tables.list()).find((each) => each.name === name)
    const parked = record?.parked
    if (parked?.fingerprint !== table.fingerprint) return undefined
    const isBeyond = record?.fingerprint === table.fingerprint && parked.position > position
    return isBeyond ? undefined : parkedError(name, { event: parked, error: parked.message })
  }

  #declared(name: string): Projection {
    const declared = this.#system.projections.find((projection) => projection.name === name)
    if (declared) return declared
    throw new IndelibleError('unknown_projection', `The system declares no projection "${name}".`)
  }

  #contextOf(name: string) {
    return { ...this.#context, projection: this.#declared(name) }
  }
}

function timedOut(name: string, details: { position: Position; reached: Position; timeoutMs: number }): IndelibleError {
  const { position, reached, timeoutMs } = details
  const message = `Projection "${name}" did not reach position ${position} within ${timeoutMs} ms; it is at ${reached}.`
  return new IndelibleError('wait_timeout', message, { details })
}
