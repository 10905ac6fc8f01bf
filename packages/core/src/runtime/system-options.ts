// What a system runs on, and what it says as it runs.
import type { Access, AccessOptions } from '../access/index.ts'
import type { IdGenerator } from '../kernel/ids.ts'
import type { Clock } from '../kernel/time.ts'
import type { RegistryNotice } from '../schema/registry/register.ts'
import type { ConsumerRecords } from '../store/consumers.ts'
import type { OpenFork } from '../store/fork.ts'
import type { Leases } from '../store/leases.ts'
import type { EventStore } from '../store/port.ts'
import type { ProofFiles } from '../store/proof-files.ts'
import type { ReadTables } from '../store/read-tables.ts'
import type { SnapshotStore } from '../store/snapshots.ts'
import type { AuditNotice } from './audit/audit-log.ts'
import type { AuditOptions } from './audit/options.ts'
import type { RecheckNotice } from './commands/recheck.ts'
import type { SnapshotNotice } from './commands/snapshot-keeper.ts'
import type { ReactionNotice } from './consumers/status.ts'
import type { DomainCode } from './guard/index.ts'
import type { StartProjections } from './projections/host.ts'
import type { ProjectionNotice } from './projections/status.ts'
import type { ProofsOptions } from './proofs/options.ts'
import type { ReadChecks, ReadNotice } from './read-check.ts'
import type { RemoteConnection } from './remotes/connection.ts'
import type { ServiceConnection } from './services/connection.ts'
import type { Telemetry, TelemetryOptions } from './telemetry/index.ts'
import type { TenantCatalog } from './tenants/catalog.ts'

/** What a system runs on. Closing the system closes the store and the tables. */
export interface SystemOptions<Tables extends ReadTables = ReadTables> {
  readonly store: EventStore
  readonly tables: Tables
  readonly snapshots: SnapshotStore
  /** Where sagas, reactions and subscriptions keep their checkpoints. */
  readonly consumers: ConsumerRecords
  /**
   * Which of the processes that share these stores runs what. Without it, this process has them alone, and runs everything.
   */
  readonly leases?: Leases | undefined
  /**
   * In how many partitions the sagas of each kind run, from 1 to {@link sagaPartitionsMax}: so many processes can work on them. Without it, as many as they did,
   * and at first 1 for a process that has its stores alone, else {@link sagaPartitionsDefault}
   * (scheduled commands: 1).
   */
  readonly sagaPartitions?: number | undefined
  /** Where a what-if keeps the log as it would be. In memory when left out. */
  readonly fork?: OpenFork
  readonly clock?: Clock
  readonly ids?: IdGenerator
  /**
   * `watched`: domain code that breaks the second or the third law fails with a clear error, which names the call and the place. It gets frozen input and
   * runs twice, and the functions of the platform that it may not use are replaced in this process. `trusted`: it runs once, and nothing is replaced.
   * The default is `watched`, unless NODE_ENV is `production`.
   */
  readonly domainCode?: DomainCode
  /**
   * Of the commands that were carried out, one in so many is decided a second time, after its events were appended. A difference is a notice of kind
   * `not repeatable`. The default is 1,000; 0 turns it off.
   */
  readonly recheckEvery?: number
  /** Checks events against the newest schema of their type as they are read for domain code: `{ oneIn: 100, onInvalid: 'notice' }`. Without it none is checked. */
  readonly readChecks?: ReadChecks | undefined
  /** Where projections run: on this thread, unless a `projectionThread` is given. */
  readonly projections?: StartProjections
  /** A connection to each other system that is declared, by its name: `{ partner: httpSystem({ url }) }`. */
  readonly remotes?: Readonly<Record<string, RemoteConnection>>
  /** A connection to each service that does activities, by its name: `{ payments: httpService({ url }) }`. */
  readonly services?: Readonly<Record<string, ServiceConnection>>
  /** Keeps a Merkle tree of the log, and signs it: whoever holds a checkpoint can find out whether the log was changed. Without it there is none. */
  readonly proofs?: ProofsOptions | undefined
  /** Where the tree and its keys are kept. Without it there is no tree. */
  readonly proofFiles?: ProofFiles
  /** What the audit trail has besides what is in the log anyway: refused and conflicting commands, reads. `{ refusals: true }` records them in the background. */
  readonly audit?: AuditOptions | undefined
  /** Gets spans and measurements: `openTelemetry()` of `@indelible/opentelemetry`. Without it, what led to an event is recorded all the same, as its `traceparent`. */
  readonly telemetry?: TelemetryOptions | Telemetry | undefined
  /** Who may do what by operations, as over HTTP. Without it, whoever reaches the system may do everything. */
  readonly access?: AccessOptions | Access | undefined
  /** The list of tenants, where this log keeps it. */
  readonly tenants?: TenantCatalog | undefined
  /**
   * Called when a projection misses its staleness target, parks or is rebuilt, when a thread ended, when a reaction parks an event, when an aggregate
   * gets no snapshots, when a command comes to something else when it is decided again, when records of the audit trail or the event types cannot be appended,
   * and when an event does not fit its schema. What it throws is not caught, except directly after a successful command.
   */
  readonly onNotice?: (notice: SystemNotice) => void
}

/** What a running system reports as it happens. */
export type SystemNotice =
  | ProjectionNotice
  | SnapshotNotice
  | RecheckNotice
  | ReactionNotice
  | AuditNotice
  | ReadNotice
  | RegistryNotice
