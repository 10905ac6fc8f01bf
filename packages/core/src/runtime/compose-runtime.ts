// Joins a declared system to what it runs on: the one place that makes the pieces of the runtime and connects them.
import type { Command } from '../kernel/commands.ts'
import { IndelibleError } from '../kernel/errors.ts'
import { type AnySaga, childrenOf, scheduleSaga } from '../kernel/processes/index.ts'
import { shown } from '../kernel/shown.ts'
import type { System } from '../kernel/system.ts'
import { systemClock, systemIds } from '../kernel/system-clock.ts'
import { DomainLog } from '../store/domain-log.ts'
import { sharedOf } from '../store/shared.ts'
import { AuditLog } from './audit/audit-log.ts'
import type { CommandHandler } from './commands/command-handler.ts'
import { CommandIds } from './commands/command-ids.ts'
import { commandHandlerOf } from './commands/compose-commands.ts'
import { ConsumerRunner } from './consumers/consumer-runner.ts'
import { Consumers } from './consumers/consumers.ts'
import { reacting } from './consumers/reacting.ts'
import { subscribing } from './consumers/subscribing.ts'
import { guardOf } from './guard/index.ts'
import type { Health } from './health.ts'
import { ApiKeys } from './keys/index.ts'
import { Holdings, OperatorWatch, type Peers } from './leases/index.ts'
import { leasesSettleMs, sagaPartitionsDefault, sagaPartitionsMax } from './limits.ts'
import { LiveFeeds } from './live/index.ts'
import { observerOf } from './observed.ts'
import { OperatorLog } from './operator-log.ts'
import { localExecutor } from './processes/executor.ts'
import { asReaction } from './processes/policies.ts'
import { SagaRunner } from './processes/saga-runner.ts'
import { Schedules } from './processes/schedules.ts'
import { type ProjectionHost, projectionsHere } from './projections/host.ts'
import { InlineProjections } from './projections/inline/index.ts'
import { ProjectionOperator } from './projections/operator.ts'
import { SharedProjections } from './projections/shared.ts'
import { Proofs } from './proofs/proofs.ts'
import { treeName } from './proofs/tree-keys.ts'
import { TreeRunner } from './proofs/tree-runner.ts'
import { readCheck } from './read-check.ts'
import type { FeedRunner } from './remotes/feed-runner.ts'
import { Remotes } from './remotes/remotes.ts'
import { Services } from './services/services.ts'
import type { SystemOptions } from './system-options.ts'
import { processObserver, type Telemetry } from './telemetry/index.ts'
import { unknownWork, type Work, workOf } from './work.ts'

export interface Runtime {
  readonly commands: CommandHandler
  readonly commandIds: CommandIds
  readonly projections: ProjectionHost
  readonly inline: InlineProjections
  readonly sagas: ReadonlyMap<string, SagaRunner>
  readonly schedules: Schedules
  readonly reactions: ReadonlyMap<string, ConsumerRunner>
  /** The feeds of other systems. */
  readonly feeds: ReadonlyMap<string, FeedRunner>
  /** The Merkle tree, if there is one. */
  readonly tree: TreeRunner | undefined
  readonly proofs: Proofs
  readonly consumers: Consumers
  readonly operator: ProjectionOperator
  readonly operators: OperatorLog
  readonly audit: AuditLog
  readonly keys: ApiKeys
  readonly live: LiveFeeds
  health(): Promise<Health>
  peers(): Peers | undefined
  work(): Promise<Work>
  /** Stops everything that follows the log, each between two steps. Gives what is left to do. */
  stop(): Promise<Work>
}

/** Everything that follows the log is started. */
export function composeRuntime(system: System, options: SystemOptions, telemetry: Telemetry): Runtime {
  const { store, tables, consumers: records, clock = systemClock, ids = systemIds } = options
  const { proofs, proofFiles: files } = options
  const { domainCode, projections: startProjections = projectionsHere, onNotice: notify = () => {} } = options
  const guard = guardOf(domainCode, 'impure_projector')
  const log = new DomainLog(store, readCheck({ checks: options.readChecks, guard, notify }))
  const operators = new OperatorLog({ store, ids, telemetry })
  const audit = new AuditLog({ store, clock, notify, audit: options.audit })
  const holdings = new Holdings({ leases: options.leases, ids })
  const remotes = new Remotes(system, { connections: options.remotes, store, records, holdings, clock, telemetry })

  const notCarriedOut: AuditLog['notCarriedOut'] = (envelope, outcome) => audit.notCarriedOut(envelope, outcome)
  const commands = commandHandlerOf(system, { ...options, log, clock, ids, notify, notCarriedOut, telemetry })
  const deafen = sharedOf(store)?.hearOthers((stream, version) => commands.outdated(stream, version))
  const projections = startProjections(system, { store, log, tables, clock, ids, guard, notify, telemetry })
  const inline = new InlineProjections(system, { store, tables, log, guard, projections })
  const here = localExecutor({ store, log, send: (command, sent) => commands.send(command, sent) })
  const commandGuard = guardOf(domainCode, 'impure_aggregate')
  const common = { store, clock, ids, telemetry }
  const services = new Services(system, { ...common, connections: options.services, guard: commandGuard, here })
  const elsewhere = ({ remote, service }: Command) =>
    remote !== undefined ? remotes.executor(remote) : service !== undefined ? services.executor(service) : undefined
  const executorOf = (command: Command) => elsewhere(command) ?? here
  const sagaGuard = guardOf(domainCode, 'impure_saga')
  const children = new Set(system.sagas.flatMap(({ nodes }) => childrenOf(nodes)))
  const partitions = partitionsOf(options)
  const runnerOf = (saga: AnySaga, isChild: boolean, parts = partitions) =>
    new SagaRunner({
      ...common,
      ...parts,
      saga,
      records,
      holdings,
      operators,
      executorOf,
      guard: sagaGuard,
      isChild,
    })
  const sagas = new Map([
    ...system.sagas.map((saga) => [saga.name, runnerOf(saga, children.has(saga.name))] as const),
    // Others start it too.
    [scheduleSaga.name, runnerOf(scheduleSaga, true, { ...partitions, partitionsDefault: 1 })] as const,
  ])
  const recordable: CommandHandler['recordable'] = (command) => commands.recordable(command)
  const running = (name: string) => ({ store, log, records, clock, notify, holding: holdings.hold(name) })
  const send: CommandHandler['send'] = (command, sent = {}) =>
    (elsewhere(command as Command) ?? commands).send(command as Command, sent)
  const policyGuard = guardOf(domainCode, 'impure_policy')
  const commandIds = new CommandIds({ store, ids, telemetry })
  const reactions = new Map([
    ...system.policies.map((each) => {
      const reaction = asReaction(each, { send, find: (id) => commandIds.find(id), guard: policyGuard })
      const consumer = { ...reaction, kind: 'policy' } as const
      return [
        each.name,
        new ConsumerRunner(consumer, reacting(reaction, { kind: 'policy', log, telemetry }), running(each.name)),
      ] as const
    }),
    ...system.reactions.map((each) => {
      const consumer = { ...each, kind: 'reaction' } as const
      return [
        each.name,
        new ConsumerRunner(consumer, reacting(each, { kind: 'reaction', log, telemetry }), running(each.name)),
      ] as const
    }),
    ...system.subscriptions.map((each) => {
      const consumer = { ...each, kind: 'subscription' } as const
      return [each.name, new ConsumerRunner(consumer, subscribing(each, telemetry), running(each.name))] as const
    }),
  ])
  const { feeds } = remotes
  inline.start()
  const tree =
    proofs &&
    files &&
    new TreeRunner({ ...proofs, files, store, records, operators, clock, holding: holdings.hold(treeName) })
  const shared = new SharedProjections(system, { projections, holdings })
  tree?.start()
  for (const runner of [...feeds.values(), ...sagas.values(), ...reactions.values()]) runner.start()
  // A new consumer begins "now". If the process died before that is recorded, a later "now" would leave out the events of these commands.
  commands.waitFor(Promise.all([...sagas.values(), ...reactions.values()].map(({ begun }) => begun)))
  const consumers = new Consumers(system, { store, operators, projections, sagas, reactions, feeds, tree })
  const watch = new OperatorWatch({
    store,
    hear: ({ type, data }) => {
      const { name, sagaId } = data as { readonly name: string; readonly sagaId?: string }
      if (type === '$SagaRetried') sagas.get(name)?.retry(sagaId!)
      // What fails now is seen when the record is next written.
      else consumers.heard(name).catch(() => {})
    },
  })
  shared.start()
  holdings.start()
  if (holdings.isShared) watch.start()
  const keys = new ApiKeys({ store, ids, clock })
  const health = async (): Promise<Health> => {
    const [head, storeHealth, all] = await Promise.all([store.head(), store.health(), consumers.list()])
    return { head, store: storeHealth, consumers: all, processes: holdings.processes }
  }
  const startedMs = performance.now()
  const work = async () => {
    const found = workOf(await health(), { nowMs: clock.now(), dueMs: [...sagas.values()].map(({ dueMs }) => dueMs) })
    // A process that shares the work does not know at once what is left to it.
    const isNew = holdings.isShared && performance.now() - startedMs < leasesSettleMs
    return isNew ? { ...found, isUnderWay: true } : found
  }
  telemetry.observe(observerOf(health))
  telemetry.observe(processObserver())
  const live = new LiveFeeds(system, { store, tables, guard, log: new DomainLog(store), health })
  return {
    commands,
    commandIds,
    projections,
    inline,
    sagas,
    schedules: new Schedules({ ...common, saga: scheduleSaga, guard: sagaGuard, recordable }),
    reactions,
    feeds,
    tree,
    proofs: new Proofs({ store, ...(tree && files ? { files, runner: tree } : {}) }),
    consumers,
    operator: new ProjectionOperator(system, { store, tables, clock, ids }),
    operators,
    audit,
    keys,
    live,
    health,
    peers: () => holdings.peers,
    work,
    async stop() {
      const left = await work().catch(() => unknownWork)
      deafen?.()
      inline.stop()
      keys.close()
      await watch.stop()
      await live.close()
      await Promise.all([...sagas.values(), ...reactions.values(), ...feeds.values()].map((runner) => runner.stop()))
      await audit.close()
      await tree?.stop()
      await shared.stop()
      await projections.close()
      await holdings.close()
      const { position } = await store.head().catch(() => ({ position: undefined }))
      return left.head === position ? left : unknownWork
    },
  }
}

/** Throws `config_invalid`. */
function partitionsOf({ leases, sagaPartitions: partitions }: SystemOptions) {
  if (partitions !== undefined && !(Number.isInteger(partitions) && partitions >= 1 && partitions <= sagaPartitionsMax))
    throw new IndelibleError(
      'config_invalid',
      `Sagas cannot run in ${shown(partitions)} partitions. Give a whole number from 1 to ${sagaPartitionsMax}: sagaPartitions: 8.`,
    )
  return { partitions, partitionsDefault: leases ? sagaPartitionsDefault : 1 }
}
