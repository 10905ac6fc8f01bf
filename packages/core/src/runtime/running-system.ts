// A declared system joined to its stores and set going: the one object that commands are sent to and views are read from.
import type { Command } from '../kernel/commands.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { IdGenerator } from '../kernel/ids.ts'
import type { Position } from '../kernel/positions.ts'
import type { Projection } from '../kernel/projections.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { refuseReservedCommandId } from '../kernel/reserved.ts'
import type { System } from '../kernel/system.ts'
import { systemClock, systemIds } from '../kernel/system-clock.ts'
import type { Columns, RowOf } from '../kernel/tables.ts'
import type { Clock } from '../kernel/time.ts'
import type { ConsumerRecords } from '../store/consumers.ts'
import { DomainLog } from '../store/domain-log.ts'
import type { EventStore, Head, StoreHealth } from '../store/port.ts'
import type { ReadTables } from '../store/read-tables.ts'
import type { SelectOptions } from '../store/select.ts'
import type { SnapshotStore } from '../store/snapshots.ts'
import { AggregateLoader } from './commands/aggregate-loader.ts'
import { CommandHandler } from './commands/command-handler.ts'
import { Facts } from './commands/facts.ts'
import type { CommandOutcome, SendOptions } from './commands/outcome.ts'
import { SnapshotKeeper, type SnapshotNotice } from './commands/snapshot-keeper.ts'
import { ConsumerRunner } from './consumers/consumer-runner.ts'
import { type AnyConsumerStatus, type By, Consumers, type Named } from './consumers/consumers.ts'
import { reacting } from './consumers/reacting.ts'
import type { ReactionNotice } from './consumers/status.ts'
import { subscribing } from './consumers/subscribing.ts'
import { OperatorLog } from './operator-log.ts'
import { type ProjectionHost, projectionsHere, type StartProjections } from './projections/host.ts'
import { ProjectionOperator, type ProjectionView } from './projections/operator.ts'
import type { RebuildOptions, RebuildReport } from './projections/rebuild.ts'
import type { ProjectionNotice } from './projections/status.ts'
import type { CheckOptions, TableCheck } from './projections/verify.ts'
import { isWatched, projectionCall, trusted, watched } from './purity.ts'
import { SagaRunner } from './sagas/saga-runner.ts'
import type { SagaState } from './sagas/saga-state.ts'
import type { WaitOptions } from './waiting.ts'

/** What a system runs on. It takes the store and the tables over: closing the system closes them. */
export interface SystemParts<Tables extends ReadTables = ReadTables> {
  readonly store: EventStore
  readonly tables: Tables
  readonly snapshots: SnapshotStore
  /** Where sagas, reactions and subscriptions keep how far they are. */
  readonly consumers: ConsumerRecords
  readonly clock?: Clock
  readonly ids?: IdGenerator
  /** `watched`: domain code that breaks law two or three fails with a clear error. `trusted`: not looked at. Watched unless NODE_ENV is `production`. */
  readonly domainCode?: 'watched' | 'trusted'
  /** Where projections run: on this thread, unless a `projectionThread` is given. */
  readonly projections?: StartProjections
  /**
   * Called when a projection misses its staleness target, parks or is rebuilt, when a thread ended, when a reaction parks an event, and when an aggregate
   * gets no snapshots. What it throws is not caught, except where a command has just succeeded.
   */
  readonly onNotice?: (notice: SystemNotice) => void
}

/** What a running system tells as it happens. */
export type SystemNotice = ProjectionNotice | SnapshotNotice | ReactionNotice

export interface Health {
  readonly head: Head
  readonly store: StoreHealth
  readonly consumers: readonly AnyConsumerStatus[]
}

export class RunningSystem<Tables extends ReadTables = ReadTables> {
  readonly system: System
  /** For reading; appending past the commands is possible and on your own head. */
  readonly store: EventStore
  /** The read tables as they were given: for SQL of your own. What is written there is overwritten by the projections. */
  readonly tables: Tables
  /** Everything that follows the log: how far it is, and how to pause and resume it. */
  readonly consumers: Consumers
  readonly #operator: ProjectionOperator
  readonly #operators: OperatorLog
  readonly #commands: CommandHandler
  readonly #projections: ProjectionHost
  readonly #sagas: ReadonlyMap<string, SagaRunner>
  readonly #reactions: ReadonlyMap<string, ConsumerRunner>
  /** The tables that were read from, by projection. */
  readonly #tablesRead = new Map<string, Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(system: System, parts: SystemParts<Tables>) {
    const { store, tables, snapshots, consumers: records, clock = systemClock, ids = systemIds } = parts
    const { domainCode, projections = projectionsHere, onNotice: notify = () => {} } = parts
    this.system = system
    this.store = store
    this.tables = tables
    const log = new DomainLog(store)
    this.#operator = new ProjectionOperator(system, { store, tables, clock, ids })
    this.#operators = new OperatorLog({ store, ids })

    const aggregateCall = isWatched(domainCode) ? watched('impure_aggregate') : trusted
    const keeper = new SnapshotKeeper({ store, snapshots, notify })
    const loader = new AggregateLoader({ log, snapshots: keeper, call: aggregateCall })
    const facts = new Facts({ log, call: aggregateCall })
    const { commands } = system
    this.#commands = new CommandHandler({ commands, store, loader, facts, clock, ids, call: aggregateCall })

    const call = projectionCall(domainCode)
    this.#projections = projections(system, { store, log, tables, clock, ids, call, notify })
    const send: CommandHandler['send'] = (command, options) => this.#commands.send(command, options)
    this.#sagas = new Map(
      system.sagas.map((saga) => [saga.name, new SagaRunner({ saga, store, log, records, clock, ids, send })]),
    )
    const running = { store, log, records, clock, notify }
    this.#reactions = new Map([
      ...system.reactions.map((each) => {
        const consumer = { ...each, kind: 'reaction' } as const
        return [each.name, new ConsumerRunner(consumer, reacting(each, log), running)] as const
      }),
      ...system.subscriptions.map((each) => {
        const consumer = { ...each, kind: 'subscription' } as const
        return [each.name, new ConsumerRunner(consumer, subscribing(each), running)] as const
      }),
    ])
    this.consumers = new Consumers(system, {
      store,
      operators: this.#operators,
      projections: this.#projections,
      sagas: this.#sagas,
      reactions: this.#reactions,
    })
    for (const runner of [...this.#sagas.values(), ...this.#reactions.values()]) runner.start()
  }

  /** Sends a command. A "no" of the domain is an outcome, not an error; see {@link CommandOutcome}. Throws as {@link CommandHandler.send}, and `reserved_name` for a command id that begins with `$`. */
  async send<No = Refusal>(command: Command<string, unknown, No>, options?: SendOptions): Promise<CommandOutcome<No>> {
    if (this.#closing) throw new IndelibleError('store_closed', 'The system was closed.')
    // Whoever used the id of a saga's command before the saga would make it believe that the command was carried out.
    refuseReservedCommandId(options?.commandId)
    return (await this.#commands.send(command, options)) as CommandOutcome<No>
  }

  /**
   * A page of the read table of a projection: `select(accounts, { where: { balance: { lt: 0 } }, orderBy: { balance: 'desc' }, after: page.at(-1) })`.
   * Throws `unknown_projection`, `invalid_select` where the options do not fit the columns or exceed a limit, `table_outdated`, `tables_unavailable`.
   */
  async select<C extends Columns>(
    projection: Projection<C>,
    options?: SelectOptions<NoInfer<C>>,
  ): Promise<readonly RowOf<C>[]> {
    this.#declared(projection)
    await this.#opened(projection as unknown as Projection)
    return (await this.tables.select(projection.table, options as SelectOptions)) as readonly RowOf<C>[]
  }

  /** Resolves when a read table shows everything up to a position; see {@link Consumers.waitFor}. */
  async waitFor(consumer: Named, position: Position, options: WaitOptions = {}): Promise<void> {
    await this.consumers.waitFor(consumer, position, options)
  }

  /**
   * Builds the read table of a projection again beside the one that is being read, checks it against a second fold of the log, and puts it in its
   * place. The old one is kept as `<name>__previous`. Throws `projection_busy`, `projection_parked` where a handler fails on the way, `table_mismatch`,
   * `unknown_projection`, `tables_unavailable`, `aborted`.
   */
  async rebuild(projection: Named, options: RebuildOptions & By = {}): Promise<RebuildReport> {
    const { actor, ...rebuild } = options
    const name = this.#declared(projection)
    const report = await this.#projections.rebuild(name, rebuild)
    const { rows, contentHash, position } = report
    await this.#operators.record(
      '$TableRebuilt',
      { subject: name, data: { name, rows, contentHash, position } },
      { actor },
    )
    return report
  }

  /**
   * Compares the read table of a projection with a fold of the log from its first event on. Both are held in memory meanwhile. Throws `projection_busy`
   * while the table is compared or rebuilt already, or as many others are as may be at once ({@link heavyWorkMax}), `projection_parked`,
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
  async dropPreviousTable({ name }: Named, by: By = {}): Promise<void> {
    await this.#operator.dropPrevious(name)
    await this.#operators.record('$PreviousTableDropped', { subject: name, data: { name } }, by)
  }

  /** Where a saga is, or nothing if there is none with that id. Throws `unknown_saga`. */
  async saga(saga: Named, sagaId: string): Promise<SagaState | undefined> {
    return await this.#sagaRunner(saga).state(sagaId)
  }

  /** Resolves when a saga has ended or its compensation failed. Throws `wait_timeout` (also where no such saga has started), `unknown_saga`, `invalid_duration`, `aborted`. */
  async waitForSaga(saga: Named, sagaId: string, options: WaitOptions = {}): Promise<SagaState> {
    return await this.#sagaRunner(saga).waitForEnd(sagaId, options)
  }

  /** Lets a saga whose compensation or code failed try again. The log records who did it. False if there is nothing to resume. Throws `unknown_saga`. */
  async resumeSaga(saga: Named, sagaId: string, by: By = {}): Promise<boolean> {
    const { name } = saga
    const outcome = await this.#sagaRunner(saga).resumeOne(sagaId, by.actor)
    if (outcome === 'retried')
      await this.#operators.record('$SagaRetried', { subject: name, data: { name, sagaId } }, by)
    return outcome !== 'nothing to resume'
  }

  async health(): Promise<Health> {
    const [head, store, consumers] = await Promise.all([this.store.head(), this.store.health(), this.consumers.list()])
    return { head, store, consumers }
  }

  /** Ends all that follows the log between two steps, then closes store and tables. What was under way is taken up at the next start. */
  async close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.all([...this.#sagas.values(), ...this.#reactions.values()].map((runner) => runner.stop()))
      await this.#projections.close()
      await this.store.close()
      await this.tables.close()
    })()
    await this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #declared({ name }: Named): string {
    if (this.system.projections.some((projection) => projection.name === name)) return name
    throw new IndelibleError('unknown_projection', `The system declares no projection "${name}".`)
  }

  #sagaRunner({ name }: Named): SagaRunner {
    const runner = this.#sagas.get(name)
    if (runner) return runner
    throw new IndelibleError('unknown_saga', `The system declares no saga "${name}".`)
  }

  /** Opens the table of a projection once: whoever runs the projection may not have come to it yet. */
  async #opened({ name, table }: Projection): Promise<void> {
    const opening = this.#tablesRead.get(name) ?? this.tables.open(table)
    this.#tablesRead.set(name, opening)
    try {
      await opening
    } catch (error) {
      this.#tablesRead.delete(name)
      throw error
    }
  }
}
