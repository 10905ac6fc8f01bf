// A running system: the one object that commands are sent to and tables are read from. `compose-runtime.ts` makes what is behind it.
import { Access } from '../access/index.ts'
import { type StateAsOf, stateAsOf } from '../history/as-of.ts'
import { type Basis, type BasisParts, pinned } from '../history/basis.ts'
import type { KeepPastOptions, PastTable } from '../history/past-table.ts'
import { type AsOf, checkedPoint, type PointOfLog } from '../history/points.ts'
import type { AnyAggregate } from '../kernel/any-aggregate.ts'
import type { Command } from '../kernel/commands.ts'
import { IndelibleError } from '../kernel/errors.ts'
import type { Position } from '../kernel/positions.ts'
import type { Projection } from '../kernel/projections.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { refuseReservedCommandId } from '../kernel/reserved.ts'
import type { System } from '../kernel/system.ts'
import type { Columns, RowOf } from '../kernel/tables.ts'
import type { ValidTime } from '../kernel/time.ts'
import type { OpenFork } from '../store/fork.ts'
import type { EventStore } from '../store/port.ts'
import type { ReadTables } from '../store/read-tables.ts'
import type { SelectOptions } from '../store/select.ts'
import type { AuditLog } from './audit/audit-log.ts'
import type { ClaimOutcome, CommandClaim, CommandFound } from './commands/command-ids.ts'
import type { CommandOutcome, SendOptions } from './commands/outcome.ts'
import { composeRuntime, type Runtime } from './compose-runtime.ts'
import type { By } from './consumers/by.ts'
import type { Consumers, Named } from './consumers/consumers.ts'
import { guardOf } from './guard/index.ts'
import type { Health } from './health.ts'
import type { ApiKeys } from './keys/index.ts'
import type { Peers } from './leases/index.ts'
import type { LiveFeeds } from './live/index.ts'
import type { ResumeOptions, SagaDecision } from './processes/decisions.ts'
import type { SagaRunner } from './processes/saga-runner.ts'
import { type SagaView, viewOf } from './processes/saga-view.ts'
import type { ScheduleView } from './processes/schedule-view.ts'
import type { Scheduled, ScheduleOptions } from './processes/schedules.ts'
import type { CheckOptions, TableCheck } from './projections/compare/index.ts'
import type { RebuildOptions, RebuildReport } from './projections/rebuild/index.ts'
import type { ProjectionView } from './projections/view.ts'
import type { Proofs } from './proofs/proofs.ts'
import type { SystemOptions } from './system-options.ts'
import { Telemetry } from './telemetry/index.ts'
import type { TenantCatalog } from './tenants/catalog.ts'
import type { WaitOptions } from './waiting.ts'
import type { Work } from './work.ts'

export class RunningSystem<Tables extends ReadTables = ReadTables> {
  readonly system: System
  /** For reading. It can also append events past the commands; no rule of the domain is checked then. */
  readonly store: EventStore
  /** The read tables as they were given, for your own SQL. Projections overwrite what is written there. */
  readonly tables: Tables
  /** Everything that follows the log: its status, and how to pause and resume it. */
  readonly consumers: Consumers
  /** Proofs that events are in the log, and that the log only grew. */
  readonly proofs: Proofs
  /** The API keys of programs that call the system. */
  readonly keys: ApiKeys
  /** What happens, as it happens. Operations give it to callers. */
  readonly live: LiveFeeds
  /** Opens the forks of the log on which a what-if is played. */
  readonly fork: OpenFork
  /** Where operations note what is read, and what was refused. */
  readonly audit: Pick<AuditLog, 'read' | 'denied'>
  /** What operations allow, to whom. */
  readonly access: Access
  /** What it tells of its work. A server attaches a meter of its own, and traces requests. */
  readonly telemetry: Telemetry
  /** The list of tenants, in the log that keeps it. */
  readonly tenants: TenantCatalog | undefined
  readonly #runtime: Runtime
  readonly #history: BasisParts
  /** The tables that were read from, by projection. */
  readonly #tablesRead = new Map<string, Promise<unknown>>()
  #closing: Promise<Work> | undefined

  constructor(system: System, options: SystemOptions<Tables> & { readonly fork: OpenFork }) {
    this.system = system
    this.store = options.store
    this.tables = options.tables
    this.fork = options.fork
    // Before anything runs: wrong grants start nothing.
    const { access, telemetry } = options
    this.access = access instanceof Access ? access : Access.of(system, access)
    this.telemetry = telemetry instanceof Telemetry ? telemetry : new Telemetry(telemetry)
    this.tenants = options.tenants
    this.#runtime = composeRuntime(system, options, this.telemetry)
    const { store, tables, snapshots, domainCode } = options
    this.#history = { store, tables, snapshots, guard: guardOf(domainCode, 'impure_projector') }
    this.consumers = this.#runtime.consumers
    this.proofs = this.#runtime.proofs
    this.audit = this.#runtime.audit
    this.keys = this.#runtime.keys
    this.live = this.#runtime.live
  }

  /** Sends a command. A refusal of the domain is an outcome, not an error; see {@link CommandOutcome}. Throws as {@link CommandHandler.send}, and `reserved_name` for a command id that begins with `$`. */
  async send<No = Refusal>(command: Command<string, unknown, No>, options?: SendOptions): Promise<CommandOutcome<No>> {
    if (this.#closing) throw new IndelibleError('store_closed', 'The system was closed.')
    // If another command had the id of a saga's command, the saga would believe that its own command was carried out.
    refuseReservedCommandId(options?.commandId)
    if (command?.remote !== undefined)
      throw new IndelibleError(
        'unknown_command',
        `"${command.type}" is for the other system "${command.remote}". Only sagas and policies send such commands.`,
      )
    const outcome = await this.#runtime.commands.send(command, options)
    if (outcome.status === 'accepted') await this.#runtime.inline.shown(command, outcome.position)
    return outcome as CommandOutcome<No>
  }

  /**
   * Sees to it that no command with this id is carried out any more. If one was, the outcome says where. A command that comes later with the id fails
   * with `command_claimed`. The same claim again has the same outcome. Throws `reserved_name`.
   */
  async claimCommand(claim: CommandClaim, by: By = {}): Promise<ClaimOutcome> {
    return await this.#runtime.commandIds.claim(claim, by)
  }

  /** What became of the command with this id. */
  async findCommand(commandId: string): Promise<CommandFound> {
    return await this.#runtime.commandIds.find(commandId)
  }

  /**
   * Sends a command at a later time, once, whatever happens to this process: `schedule(Remind('o1', {}), { in: '2d' })`. The command is checked now. Where it
   * is refused at its time, {@link scheduled} says so. Throws `unknown_command`, `invalid_command`, `invalid_stream_name`, `invalid_time`, and
   * `schedule_id_reused` for an id with another command or another time.
   */
  async schedule(command: Command<string, unknown, unknown>, options: ScheduleOptions): Promise<Scheduled> {
    if (this.#closing) throw new IndelibleError('store_closed', 'The system was closed.')
    return await this.#runtime.schedules.schedule(command, options)
  }

  /** What became of a scheduled command. Throws `schedule_missing`, `invalid_stream_name`. */
  async scheduled(scheduleId: string): Promise<ScheduleView> {
    return await this.#runtime.schedules.show(scheduleId)
  }

  /** A scheduled command is not sent. False where it was sent already, or cancelled. Throws `schedule_missing`, `invalid_stream_name`. */
  async cancelSchedule(scheduleId: string, by: By & { readonly reason: string }): Promise<boolean> {
    return await this.#runtime.schedules.cancel(scheduleId, by)
  }

  /**
   * A page of the read table of a projection: `select(accounts, { where: { balance: { lt: 0 } }, orderBy: { balance: 'desc' }, after: page.at(-1) })`.
   * `asOf` asks for the table at a point of history; see {@link Basis.view}.
   * Throws `unknown_projection`, `invalid_select` where the options do not fit the columns or exceed a limit, `table_outdated`, `tables_unavailable`, `invalid_time`, `invalid_position`.
   */
  async select<C extends Columns>(
    projection: Projection<C>,
    { asOf, ...options }: SelectOptions<NoInfer<C>> & { readonly asOf?: PointOfLog | undefined } = {},
  ): Promise<readonly RowOf<C>[]> {
    this.#declared(projection)
    if (asOf) {
      const { position, recordedAt, validAt } = checkedPoint(asOf)
      const basis = await this.pin(position ?? recordedAt)
      return await basis.view(projection, { ...(options as SelectOptions<NoInfer<C>>), validAt })
    }
    await this.#opened(projection as unknown as Projection)
    return (await this.tables.select(projection.table, options as SelectOptions)) as readonly RowOf<C>[]
  }

  /** The state of an aggregate, now or at a point of history, from the newest snapshot before it. Throws as `stateAsOf` of `indelible/history`. */
  async stateAsOf<State>(
    aggregate: AnyAggregate & { readonly initialState: State },
    { id, asOf }: { readonly id: string; readonly asOf?: AsOf | undefined },
  ): Promise<StateAsOf<State>> {
    const { store, snapshots } = this.#history
    return await stateAsOf(store, aggregate, { id, asOf, snapshots })
  }

  /**
   * A basis for repeatable reads: states of aggregates and read tables as they were at one position, or at a time (a day means its end, UTC), by default now.
   * Throws `invalid_time`, and `invalid_position` where the log has not come so far.
   */
  async pin(at?: Position | ValidTime): Promise<Basis> {
    return await pinned(this.#history, at)
  }

  /** Resolves when a read table shows everything up to a position; see {@link Consumers.waitFor}. */
  async waitFor(consumer: Named, position: Position, options: WaitOptions = {}): Promise<void> {
    await this.consumers.waitFor(consumer, position, options)
  }

  /**
   * Builds the read table of a projection again beside the live one, checks it against a second fold of the log, and replaces the live one with it. The
   * replaced table is kept as `<name>__previous`. Throws `projection_busy`, `projection_parked` if a handler fails, `table_mismatch`, `unknown_projection`,
   * `tables_unavailable`, `aborted`.
   */
  async rebuild(projection: Named, options: RebuildOptions & By = {}): Promise<RebuildReport> {
    const { signal, progress: onProgress, ...by } = options
    const name = this.#declared(projection)
    const { projections, operators } = this.#runtime
    const report = await projections.call('rebuild', { name }, { signal, onProgress })
    const { rows, contentHash, position } = report
    await operators.record('$TableRebuilt', { subject: name, data: { name, rows, contentHash, position } }, by)
    return report
  }

  /**
   * Compares the read table of a projection with a fold of the whole log. Both are in memory meanwhile. Throws `projection_busy` while the table is already
   * being compared or rebuilt, or while {@link heavyWorkMax} other tables are; `projection_parked`, `table_diverged`, `table_outdated`,
   * `unknown_projection`, `tables_unavailable`, `aborted`.
   */
  async verifyTable(projection: Named, options: CheckOptions = {}): Promise<TableCheck> {
    const { signal, progress } = options
    const onProgress = progress && (({ done, total }: { done: Position; total: Position }) => progress(done, total))
    return await this.#runtime.projections.call('verify', { name: this.#declared(projection) }, { signal, onProgress })
  }

  /** The state of each projection as the database has it, whichever process runs the projection. Throws `tables_unavailable`. */
  async projectionViews(): Promise<readonly ProjectionView[]> {
    return await this.#runtime.operator.list()
  }

  /** Drops the table that was replaced by the last rebuild. Throws `unknown_projection`, `tables_unavailable`. */
  async dropPreviousTable({ name }: Named, by: By = {}): Promise<void> {
    await this.#runtime.operator.dropPrevious(name)
    await this.#runtime.operators.record('$PreviousTableDropped', { subject: name, data: { name } }, by)
  }

  /** Writes the read table as of a point of history into `<name>__past`, beside the live one; see `ProjectionOperator.keepPast`. */
  async keepPastTable({ name }: Named, { actor, traceparent, ...options }: KeepPastOptions & By): Promise<PastTable> {
    const kept = await this.#runtime.operator.keepPast(name, options)
    await this.#runtime.operators.record(
      '$PastTableKept',
      { subject: name, data: { name, ...kept } },
      { actor, traceparent },
    )
    return kept
  }

  /** Drops `<name>__past`. Throws `unknown_projection`, `tables_unavailable`. */
  async dropPastTable({ name }: Named, by: By = {}): Promise<void> {
    await this.#runtime.operator.dropPast(name)
    await this.#runtime.operators.record('$PastTableDropped', { subject: name, data: { name } }, by)
  }

  /** The state of a saga, or nothing if there is no saga with that id. Throws `unknown_saga`. */
  async saga(saga: Named, sagaId: string): Promise<SagaView | undefined> {
    const state = await this.#sagaRunner(saga).state(sagaId)
    return state && viewOf(state)
  }

  /** Resolves when a saga has ended or its compensation failed. Throws `wait_timeout` (also where no such saga has started), `unknown_saga`, `invalid_duration`, `aborted`. */
  async waitForSaga(saga: Named, sagaId: string, options: WaitOptions = {}): Promise<SagaView> {
    return viewOf(await this.#sagaRunner(saga).waitForEnd(sagaId, options))
  }

  /** Lets a saga go on whose compensation or code failed, as a person decided. The log records who it was and why. False if there is nothing to resume. Throws `unknown_saga`. */
  async resumeSaga(saga: Named, sagaId: string, options: ResumeOptions = {}): Promise<boolean> {
    const { how = 'retry', command = null, actor = null, reason = null, traceparent } = options
    const { name } = saga
    const outcome = await this.#sagaRunner(saga).resumeOne(sagaId, { how, command, actor, reason }, traceparent)
    if (outcome === 'retried')
      await this.#runtime.operators.record(
        '$SagaRetried',
        { subject: name, data: { name, sagaId } },
        { actor: options.actor, traceparent },
      )
    return outcome !== 'nothing to resume'
  }

  /**
   * Answers a question that a saga asks a person. False where it does not ask that (any more). The decision is recorded with who made it and why.
   * Throws `unknown_saga`, and `invalid_command` where the decision does not fit its schema.
   */
  async decide(saga: Named, sagaId: string, decision: SagaDecision): Promise<boolean> {
    return await this.#sagaRunner(saga).decide(sagaId, decision)
  }

  /** Makes a saga that runs take everything back. False where it does not run, or has sent a step that nothing takes back. Throws `unknown_saga`. */
  async cancelSaga(saga: Named, sagaId: string, by: By & { readonly reason: string }): Promise<boolean> {
    return await this.#sagaRunner(saga).cancel(sagaId, by)
  }

  /** The processes that share the work; nothing where this one has its stores alone. */
  get peers(): Peers | undefined {
    return this.#runtime.peers()
  }

  async health(): Promise<Health> {
    return await this.#runtime.health()
  }

  /** What it would do by itself, if nobody asked for anything any more. After it was closed: what is left to do. */
  async work(): Promise<Work> {
    return await (this.#closing ?? this.#runtime.work())
  }

  /** Stops everything that follows the log, each between two steps, then closes store and tables. The next start goes on with the unfinished work. */
  async close(): Promise<void> {
    this.#closing ??= (async () => {
      const left = await this.#runtime.stop()
      await this.store.close()
      await this.tables.close()
      return left
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
    const runner = this.#runtime.sagas.get(name)
    if (runner) return runner
    throw new IndelibleError('unknown_saga', `The system declares no saga "${name}".`)
  }

  /** Opens the table of a projection once: its runner may not have opened it yet. */
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
