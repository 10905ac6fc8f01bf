// `indelible`: everything a domain is declared with, and what runs it. Adapters and tools have subpaths of their own.

export type { AccessOptions, Condition, Conditions, Grant } from './access/index.ts'
export type { NoticeOfTenants } from './composition/compose-tenants.ts'
export {
  defineConfig,
  type IndelibleConfig,
  type Openers,
  type OpenMode,
  type OpenOptions,
  type SchemaChecks,
} from './composition/config.ts'
export { directoryOfTenant, type LoadedConfig, loadConfig, openers, placeOf } from './composition/load-config.ts'
export { type OpenCatalog, openCatalog } from './composition/open-catalog.ts'
export { type OpenSystemOptions, openSystem } from './composition/open-system.ts'
export { type OpenTenantsOptions, openTenants } from './composition/open-tenants.ts'
export { type StartOptions, startSystem } from './composition/start-system.ts'
export { type StartTenantsOptions, startTenants } from './composition/start-tenants.ts'
export {
  type ActivityCalls,
  type ActivityType,
  type AnyActivityType,
  activity,
} from './kernel/activities.ts'
export { type Aggregate, type AggregateName, aggregate, type Taken } from './kernel/aggregates.ts'
export type { AnyAggregate } from './kernel/any-aggregate.ts'
export {
  type AggregateKind,
  type AnyCommandType,
  type Command,
  type CommandContext,
  type CommandHome,
  type CommandType,
  command,
  type Decision,
  type DeclaredRefusal,
} from './kernel/commands.ts'
export { type Consultation, type DecisionModel, decisionModel } from './kernel/decision-models.ts'
export { defineSystem, type SystemDefinition } from './kernel/define-system.ts'
export { type ErrorCode, errorCodes, IndelibleError, isIndelibleError } from './kernel/errors.ts'
export {
  type AnyEventType,
  type DataOf,
  type DomainEvent,
  type EventOf,
  type EventType,
  event,
  type FormerType,
  type OlderVersion,
} from './kernel/event-types.ts'
export type { EventMetadata, NewEvent, RecordedEvent } from './kernel/events.ts'
export type { IdGenerator } from './kernel/ids.ts'
export { type Position, position, type Version, version } from './kernel/positions.ts'
export {
  type AnySaga,
  type Compensation,
  type Correlated,
  type Flow,
  type FlowNode,
  type OnRefused,
  type Policy,
  policy,
  type Saga,
  type SagaCommand,
  type SagaContext,
  type SagaMap,
  type SagaMaps,
  saga,
} from './kernel/processes/index.ts'
export {
  type HistoryTablesOf,
  type Projection,
  projection,
  type RowChange,
  type RowOptions,
  type RowRemoval,
  removal,
  type TablesOf,
} from './kernel/projections.ts'
export type { Query, QueryItem } from './kernel/queries.ts'
export {
  type BeginsFrom,
  type Reaction,
  type ReactionContext,
  type ReactionOptions,
  reaction,
  type Subscription,
  subscription,
} from './kernel/reactions.ts'
export {
  type NoDetails,
  type Refusal,
  type RefusalType,
  refusal,
  refuse,
} from './kernel/refusals.ts'
export { type AnyRemoteSystem, type RemoteSystem, remoteSystem } from './kernel/remotes.ts'
export type { Schema, SchemaIssue } from './kernel/schemas.ts'
export type { ServiceCall } from './kernel/service-calls.ts'
export { checkedStreamName, type StreamName, streamName } from './kernel/streams.ts'
export type { System } from './kernel/system.ts'
export { systemClock, systemIds } from './kernel/system-clock.ts'
export {
  bigint,
  boolean,
  type Column,
  type Columns,
  type ColumnType,
  type ColumnValue,
  date,
  type HistoryColumns,
  integer,
  type JsonColumn,
  type JsonValue,
  json,
  type NullableJsonColumn,
  previousTableName,
  type Row,
  type RowOf,
  stagingTable,
  type TableDefinition,
  text,
  timestamp,
} from './kernel/tables.ts'
export { type Clock, epochMs, type Instant, instant, type ValidTime } from './kernel/time.ts'
export type { AuditNotice, NotedCall } from './runtime/audit/audit-log.ts'
export type { AuditOptions, Recorded } from './runtime/audit/options.ts'
export type { Claimed, ClaimOutcome, CommandClaim, CommandFound } from './runtime/commands/command-ids.ts'
export type { CommandOutcome, SendOptions } from './runtime/commands/outcome.ts'
export type { RecheckNotice } from './runtime/commands/recheck.ts'
export type { SnapshotNotice } from './runtime/commands/snapshot-keeper.ts'
export type { By } from './runtime/consumers/by.ts'
export type { AnyConsumerStatus, Consumers, Named } from './runtime/consumers/consumers.ts'
export type {
  ConsumerError,
  ConsumerKind,
  ConsumerState,
  ConsumerStatus,
  ReactionNotice,
  ReactionStatus,
} from './runtime/consumers/status.ts'
export type { DomainCode } from './runtime/guard/index.ts'
export type { Health } from './runtime/health.ts'
export {
  type ApiKey,
  type ApiKeyStatus,
  ApiKeys,
  type IssuedKey,
  type KeyPrincipal,
  type KeyToIssue,
  type KeyVerdict,
  keyPrefix,
} from './runtime/keys/index.ts'
export type { ProcessStatus } from './runtime/leases/index.ts'
export type { ResumeOptions, SagaDecision } from './runtime/processes/decisions.ts'
export type { Resumption, SagaFailure, SagaStart } from './runtime/processes/events.ts'
export type { SagaPartitionStatus, SagaRunnerStatus } from './runtime/processes/saga-status.ts'
export type { PendingCommand, SagaView, Waiting } from './runtime/processes/saga-view.ts'
export type { ScheduleStatus, ScheduleView } from './runtime/processes/schedule-view.ts'
export type { Scheduled, ScheduleOptions } from './runtime/processes/schedules.ts'
export type { SagaStatus } from './runtime/processes/state.ts'
export type { CheckOptions, TableCheck, TableDifference } from './runtime/projections/compare/index.ts'
export type { StartProjections } from './runtime/projections/host.ts'
export { type LiveModel, liveModel } from './runtime/projections/live-model.ts'
export { type OperatorOptions, ProjectionOperator } from './runtime/projections/operator.ts'
export type { RebuildOptions, RebuildReport } from './runtime/projections/rebuild/index.ts'
export type {
  FailedEvent,
  ProjectionNotice,
  ProjectionStatus,
  RebuildProgress,
  Staleness,
} from './runtime/projections/status.ts'
export { projectionThread, runProjections, type ThreadResources } from './runtime/projections/thread/index.ts'
export type { ProjectionView } from './runtime/projections/view.ts'
export type { ProofsOptions } from './runtime/proofs/options.ts'
export type { LatestCheckpoint, Proofs } from './runtime/proofs/proofs.ts'
export type { PublicationStatus } from './runtime/proofs/publication.ts'
export { growTree, type StartTree, type TreeHost, type TreeResources, treeThread } from './runtime/proofs/tree-host.ts'
export type { TreeStatus } from './runtime/proofs/tree-runner.ts'
export type { ReadChecks, ReadNotice } from './runtime/read-check.ts'
export type { RemoteCallOptions, RemoteConnection, RemoteSendOptions } from './runtime/remotes/connection.ts'
export type { FeedAsked, FeedPage } from './runtime/remotes/feed-page.ts'
export type { FeedStatus } from './runtime/remotes/feed-runner.ts'
export type { RunningSystem } from './runtime/running-system.ts'
export type {
  ServiceCallOptions,
  ServiceConnection,
  ServiceRequest,
  ServiceResponse,
} from './runtime/services/connection.ts'
export type { SystemNotice, SystemOptions } from './runtime/system-options.ts'
export type { TelemetryOptions } from './runtime/telemetry/index.ts'
export type { Tenant, TenantCatalog } from './runtime/tenants/catalog.ts'
export { catalogName, checkedTenantName } from './runtime/tenants/names.ts'
export type { WaitOptions } from './runtime/waiting.ts'
export type { Work } from './runtime/work.ts'
export type { ConsumerRecord, ConsumerRecords, ListedRecords, ParkedEvent } from './store/consumers.ts'
export type { InlineFold, InlineRows, InlineStore, InlineWriting } from './store/inline.ts'
export type { HeldLease, LeaseReport, Leases, LeaseView, RenewOptions } from './store/leases.ts'
export type {
  AppendCondition,
  AppendOptions,
  AppendOutcome,
  Checkpoint,
  Commit,
  Conflict,
  Durability,
  EventBatch,
  EventStore,
  ExpectedVersion,
  Head,
  ReadOptions,
  ReplayBatch,
  ReplayOptions,
  StoreHealth,
  SubscribeOptions,
  WrittenCommit,
} from './store/port.ts'
export type { ProofFiles } from './store/proof-files.ts'
export type {
  Lease,
  Parked,
  ReadTables,
  RowVersion,
  TableChange,
  TableRecord,
  TableState,
} from './store/read-tables.ts'
export type {
  ConditionOn,
  EqualityOperators,
  OrderBy,
  OrderDirection,
  OrderOperators,
  SelectOptions,
  Where,
} from './store/select.ts'
export type { SharedStore } from './store/shared.ts'
export type { Snapshot, SnapshotStore } from './store/snapshots.ts'
export { type TenantNotice, Tenants, type TenantsOptions } from './tenants/index.ts'
