// `indelible/operations`: everything that may be asked of a running system, once, for all transports.
export type { Explanation, Need, Principal, Scope } from '../access/index.ts'
export { endMessage, type FeedBatch, type FeedMessage, type LiveFeed } from '../runtime/live/index.ts'
export type { AggregateState } from './aggregate-state.ts'
export type { ConsumerList, PausedOrResumed } from './consumers.ts'
export {
  describeOperations,
  type OperationDescription,
  type OperationsDescription,
  type ParameterDescription,
} from './describe-operations.ts'
export { directConnection, type RunThere } from './direct-connection.ts'
export type { EventTypeInLog, EventTypeList } from './event-types.ts'
export { type AccessAsked, explainAccess } from './explain-access.ts'
export type { HealthReport } from './health.ts'
export { definitionName } from './json-schemas.ts'
export type { KeyPage } from './keys.ts'
export { recordedTextBytesMax } from './limits.ts'
export { type OperationName, operations } from './list.ts'
export {
  type Call,
  granted,
  type Operation,
  type OperationCase,
  type Paging,
  principalParameters,
} from './operation.ts'
export { type InputOf, type Parameter, type Parameters, parsedInput } from './parameters.ts'
export { type ProjectionList, type ProjectionShown, type Rebuilt, type TableShown, tableShown } from './projections.ts'
export type { CheckpointShown, ConsistencyProved, EventProved, TreeShown } from './proofs.ts'
export type { StreamProved } from './prove-stream.ts'
export type { FeedRead } from './read-feed.ts'
export type { StreamPage } from './read-stream.ts'
export { type AskRemote, remoteConnection } from './remote-connection.ts'
export { judgedSagas, type SagaJudged, type SagaNote, sagaNotes } from './saga-check.ts'
export { listedSagas, type SagaFilters, type SagaListed, type SagaPage, sagaStatuses } from './saga-list.ts'
export { declaredSaga, type SagaStep } from './saga-reading.ts'
export { type SagaHappening, type SagaStory, sagaStory } from './saga-story.ts'
export type { SagaCancelled, SagaDecided, SagaResumed, SagaShown } from './sagas.ts'
export {
  listedSchedules,
  type ScheduleFilters,
  type SchedulePage,
  type ScheduleShown,
  scheduleStatuses,
  shownSchedule,
} from './schedule-list.ts'
export type { ScheduleCancelled } from './schedules.ts'
export type { RowsPage } from './select-rows.ts'
export type { TenantPage } from './tenants.ts'
