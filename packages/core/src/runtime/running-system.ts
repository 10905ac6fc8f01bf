// A declared system joined to its stores and set going: the one object that commands are sent to and views are read from.
import { throwIfAborted } from '../kernel/abort.ts'
import type { Command } from '../kernel/commands.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { IdGenerator } from '../kernel/ids.ts'
import type { Position } from '../kernel/positions.ts'
import type { Projection } from '../kernel/projections.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { refuseReservedCommandId } from '../kernel/reserved.ts'
import { type StreamName, streamName } from '../kernel/streams.ts'
import type { System } from '../kernel/system.ts'
import { systemClock, systemIds } from '../kernel/system-clock.ts'
import type { Columns, RowOf } from '../kernel/tables.ts'
import type { Clock } from '../kernel/time.ts'
import { checkedDuration, timer } from '../kernel/timers.ts'
import { DomainLog } from '../store/domain-log.ts'
import type { EventStore, Head, StoreHealth } from '../store/port.ts'
import type { ReadTables, SelectOptions } from '../store/read-tables.ts'
import type { SnapshotStore } from '../store/snapshots.ts'
import { AggregateLoader } from './commands/aggregate-loader.ts'
import { CommandHandler } from './commands/command-handler.ts'
import { Facts } from './commands/facts.ts'
import type { CommandOutcome, SendOptions } from './commands/outcome.ts'
import { SnapshotKeeper, type SnapshotNotice } from './commands/snapshot-keeper.ts'
import { waitTimeoutMsDefault } from './limits.ts'
import { type ProjectionHost, projectionsHere, type StartProjections } from './projections/host.ts'
import { ProjectionOperator, type ProjectionView } from './projections/operator.ts'
import type { RebuildOptions, RebuildReport } from './projections/rebuild.ts'
import type { ProjectionNotice, ProjectionStatus } from './projections/status.ts'
import type { CheckOptions, TableCheck } from './projections/verify.ts'
import { isWatched, projectionCall, trusted, watched } from './purity.ts'
import { loadSaga } from './sagas/saga-driver.ts'
import { SagaRunner, type SagaRunnerStatus } from './sagas/saga-runner.ts'
import { foldSaga, hasEnded, type SagaState } from './sagas/saga-state.ts'

/** What a system runs on. It takes the store and the tables over: closing the system closes them. */
export interface SystemParts {
  readonly store: EventStore
  readonly tables: ReadTables
  readonly snapshots: SnapshotStore
  readonly clock?: Clock
  readonly ids?: IdGenerator
  /** `watched`: domain code that breaks law two or three fails with a clear error. `trusted`: not looked at. Watched unless NODE_ENV is `production`. */
  readonly domainCode?: 'watched' | 'trusted'
  /** Where projections run: on this thread, unless a `projectionThread` is given. */
  readonly projections?: StartProjections
  /**
   * Told when a projection misses its staleness target, parks, or is built anew, when their thread ended, and when an aggregate gets no snapshots. What
   * it throws is not caught, except where a command has just succeeded.
   */
  readonly onNotice?: (notice: SystemNotice) => void
}

/** A declared projection or saga, or just its name. */
interface Named {
  readonly name: string
}

export interface WaitOptions {
  /** {@link waitTimeoutMsDefault} when left out; `Infinity` waits without limit. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** What a running system tells as it happens. */
export type SystemNotice = ProjectionNotice | SnapshotNotice

export interface Health {
  readonly head: Head
  readonly store: StoreHealth
  readonly projections: readonly ProjectionStatus[]
  readonly sagas: readonly SagaRunnerStatus[]
}

/** Sets a system going: projections catch up and sagas are taken up at once, in the background. */
export function startSystem(system: System, parts: SystemParts): RunningSystem {
  return new RunningSystem(system, parts)
}

export class RunningSystem {
  readonly system: System
  /** For reading; appending past the commands is possible and on your own head. */
  readonly store: EventStore
  readonly #tables: ReadTables
  readonly #operator: ProjectionOperator
  readonly #commands: CommandHandler
  readonly #projections: ProjectionHost
  readonly #sagas: ReadonlyMap<string, SagaRunner>
  /** The tables that were read from, by projection. */
  readonly #tablesRead = new Map<string, Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(system: System, parts: SystemParts) {
    const { store, tables, snapshots, clock = systemClock, ids = systemIds, onNotice: notify = () => {} } = parts
    const { domainCode, projections = projectionsHere } = parts
    this.system = system
    this.store = store
    this.#tables = tables
    this.#operator = new ProjectionOperator(system, { store, tables, clock, ids })

    const aggregateCall = isWatched(domainCode) ? watched('impure_aggregate') : trusted
    const keeper = new SnapshotKeeper({ store, snapshots, notify })
    const log = new DomainLog(store)
    const loader = new AggregateLoader({ log, snapshots: keeper, call: aggregateCall })
    const facts = new Facts({ log, call: aggregateCall })
    const { commands } = system
    this.#commands = new CommandHandler({ commands, store, loader, facts, clock, ids, call: aggregateCall })

    const call = projectionCall(domainCode)
    this.#projections = projections(system, { store, log, tables, clock, ids, call, notify })
    this.#sagas = new Map(
      system.sagas.map((saga) => [
        saga.name,
        new SagaRunner({
          saga,
          store,
          log,
          clock,
          ids,
          send: (command, options) => this.#commands.send(command, options),
        }),
      ]),
    )
    for (const runner of this.#sagas.values()) runner.start()
  }

  /** Sends a command. A "no" of the domain is an outcome, not an error; see {@link CommandOutcome}. Throws as {@link CommandHandler.send}, and `reserved_name` for a command id that begins with `$`. */
  async send<No = Refusal>(command: Command<string, unknown, No>, options?: SendOptions): Promise<CommandOutcome<No>> {
    if (this.#closing) throw new IndelibleError('store_closed', 'The system was closed.')
    // Whoever used the id of a saga's command before the saga would make it believe that the command was carried out.
    refuseReservedCommandId(options?.commandId)
    return (await this.#commands.send(command, options)) as CommandOutcome<No>
  }

  /** A page of the read table of a projection. Throws `unknown_projection`, `invalid_row`, `table_outdated`, `tables_unavailable`. */
  async select<C extends Columns>(projection: Projection<C>, options?: SelectOptions): Promise<readonly RowOf<C>[]> {
    this.#declared(projection)
    await this.#opened(projection as unknown as Projection)
    return (await this.#tables.select(projection.table, options)) as readonly RowOf<C>[]
  }

  /** Resolves when a read table shows everything up to a position. Throws `wait_timeout`, `projection_parked`, `unknown_projection`, `invalid_position`, `invalid_duration`, `aborted`. */
  async waitFor(projection: Named, position: Position, options: WaitOptions = {}): Promise<void> {
    const { timeoutMs = waitTimeoutMsDefault, ...others } = options
    await this.#projections.waitFor(this.#declared(projection), position, { timeoutMs, ...others })
  }

  /**
   * Builds the read table of a projection anew beside the one that is being read, checks it against a second fold of the log, and puts it in its
   * place. The old one is kept as `<name>__former`. Throws `projection_busy`, `projection_parked` where a handler fails on the way, `table_mismatch`,
   * `unknown_projection`, `tables_unavailable`, `aborted`.
   */
  async rebuild(projection: Named, options: RebuildOptions = {}): Promise<RebuildReport> {
    return await this.#projections.rebuild(this.#declared(projection), options)
  }

  /**
   * Compares the read table of a projection with a fold of the log from its first event on. Both are held in memory meanwhile. Throws `projection_busy`
   * while the table is compared or built anew already, or as many others are as may be at once ({@link heavyWorkMax}), `projection_parked`,
   * `table_diverged`, `table_outdated`, `unknown_projection`, `tables_unavailable`, `aborted`.
   */
  async verifyTable(projection: Named, options: CheckOptions = {}): Promise<TableCheck> {
    return await this.#projections.verify(this.#declared(projection), options)
  }

  /** What the database says of every projection, whichever process runs it. Throws `tables_unavailable`. */
  async projectionViews(): Promise<readonly ProjectionView[]> {
    return await this.#operator.list()
  }

  /** Drops the table that was replaced by the last rebuild. Throws `unknown_projection`, `tables_unavailable`. */
  async forgetFormerTable(projection: Named): Promise<void> {
    await this.#operator.dropFormer(projection.name)
  }

  /** Lets a projection stand still, in whichever process it runs, until it is resumed. Throws `unknown_projection`, `tables_unavailable`. */
  async pause(projection: Named): Promise<void> {
    await this.#projections.setPaused(this.#declared(projection), true)
  }

  /** Lets a projection that is paused or parked go on where it stands. Throws `unknown_projection`, `tables_unavailable`. */
  async resume(projection: Named): Promise<void> {
    await this.#projections.setPaused(this.#declared(projection), false)
  }

  /** Where a saga is, or nothing if there is none with that id. Throws `unknown_saga`. */
  async saga(saga: Named, sagaId: string): Promise<SagaState | undefined> {
    return await loadSaga(this.store, this.#sagaStream(saga, sagaId))
  }

  /** Resolves when a saga has ended or is stuck. Throws `wait_timeout` (also where no such saga has started), `unknown_saga`, `invalid_duration`, `aborted`. */
  async waitForSaga(saga: Named, sagaId: string, options: WaitOptions = {}): Promise<SagaState> {
    const { timeoutMs = waitTimeoutMsDefault, signal } = options
    const stream = this.#sagaStream(saga, sagaId)
    checkedDuration('timeoutMs', timeoutMs)
    const timeout = new AbortController()
    // Not AbortSignal.timeout: that lets the process end while somebody waits.
    const waiting = timer(timeoutMs, () => timeout.abort())
    const stop = signal ? AbortSignal.any([timeout.signal, signal]) : timeout.signal
    let state: SagaState | undefined
    try {
      for await (const { events } of this.store.subscribe([{ streams: [stream] }], { after: 0, signal: stop })) {
        state = foldSaga(events, state)
        if (state && (hasEnded(state) || state.status === 'compensationFailed')) return state
      }
    } finally {
      waiting.cancel()
    }
    throwIfAborted(signal)
    const where = state ? `is still ${state.status}` : 'has not started'
    const problem = this.#sagas.get(saga.name)?.problemOf(sagaId)
    const why = problem === undefined ? '' : ` It waits for help: ${problem}`
    throw new IndelibleError('wait_timeout', `Saga ${saga.name} ${sagaId} ${where} after ${timeoutMs} ms.${why}`)
  }

  /** Lets a saga that is stuck, or whose code failed, try again. False where there is nothing to resume. Throws `unknown_saga`. */
  async resumeSaga(saga: Named, sagaId: string, { actor }: { actor?: string } = {}): Promise<boolean> {
    const runner = this.#sagas.get(saga.name)
    if (!runner) throw unknown('saga', saga.name)
    return await runner.resume(sagaId, actor)
  }

  async health(): Promise<Health> {
    const head = await this.store.head()
    return {
      head,
      store: await this.store.health(),
      projections: await this.#projections.status(head.position),
      sagas: [...this.#sagas.values()].map((runner) => runner.status()),
    }
  }

  /** Ends sagas and projections between two steps, then closes store and tables. What was under way is taken up at the next start. */
  async close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.all([...this.#sagas.values()].map((runner) => runner.stop()))
      await this.#projections.close()
      await this.store.close()
      await this.#tables.close()
    })()
    await this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #declared({ name }: Named): string {
    if (this.system.projections.some((projection) => projection.name === name)) return name
    throw unknown('projection', name)
  }

  /** Opens the table of a projection once: whoever runs the projection may not have come to it yet. */
  async #opened({ name, table }: Projection): Promise<void> {
    const opening = this.#tablesRead.get(name) ?? this.#tables.open(table)
    this.#tablesRead.set(name, opening)
    try {
      await opening
    } catch (error) {
      this.#tablesRead.delete(name)
      throw error
    }
  }

  #sagaStream({ name }: Named, sagaId: string): StreamName {
    const saga = this.system.sagas.find((each) => each.name === name)
    if (!saga) throw unknown('saga', name)
    return streamName(saga.category, sagaId)
  }
}

function unknown(what: 'projection' | 'saga', name: string): IndelibleError {
  return new IndelibleError(`unknown_${what}`, `The system declares no ${what} "${name}".`)
}
