// `indelible/adapter`: for authors of event stores, of adapters of read tables, and of other interfaces to tables. Commits and rows pass through here, so that
// all refuse and return the same. And for authors of tracers and meters: the lists of all spans, attributes and instruments.
export { throwIfAborted } from './kernel/abort.ts'
export type { EncodedEvent, Payload } from './kernel/encoding.ts'
export { correlationIdOf, isJson, jsonContentType, recordedEvent, type StoredFields } from './kernel/events.ts'
export { type IdWriter, readUuid, uuidBytes, writeUuid } from './kernel/ids.ts'
export { batchEventsMax } from './kernel/limits.ts'
export { checkQuery } from './kernel/queries.ts'
export { matchesQuery } from './kernel/query-match.ts'
export { isReserved, reservedCategory } from './kernel/reserved.ts'
export { categoryOf, streamIdOf } from './kernel/streams.ts'
export { systemIdWriter } from './kernel/system-clock.ts'
export { historyTable, historyTableName, keyText, previousTableName, stagingTable } from './kernel/tables.ts'
export { utf8 } from './kernel/text.ts'
export { lastMsOf } from './kernel/time.ts'
export { checkedDuration, every, type Timer, timer } from './kernel/timers.ts'
export { idsOfTrace, isTraceparent } from './kernel/traceparent.ts'
export {
  type AttributeName,
  type Attributes,
  attributes,
  errorTypeOf,
  type Instrument,
  instruments,
  type Meter,
  type Observation,
  type Observer,
  type Span,
  type SpanDefinition,
  type SpanName,
  type SpanStart,
  secondsBounds,
  spans,
  type Telemetry,
  type TelemetryOptions,
  type Tracer,
} from './runtime/telemetry/index.ts'
export {
  type CanonicalSelect,
  type Condition,
  canonicalSelect,
  type OrderColumn,
  operatorsOf,
  type SelectOperator,
  type SelectPlace,
} from './store/canonical-select.ts'
export { type EncodedCommit, encodeCommit, lastVersions } from './store/commit.ts'
export {
  type CommitRange,
  type CopiedLog,
  type CopySource,
  type CopyTarget,
  checkFollows,
  commitsIn,
  copyMismatch,
  encodedAgain,
  type OpenCopyTarget,
  type RecordedCommit,
  retired,
  unfinished,
} from './store/copying.ts'
export { historyName } from './store/history.ts'
export { copyOf, type ReplayRange, replayBatch, replayRange } from './store/replaying.ts'
export { canonicalKey, canonicalRow } from './store/rows.ts'
export { selectConditionsMax, selectInValuesMax, selectLimitDefault, selectOrderColumnsMax } from './store/select.ts'
export { Sleepers } from './store/sleepers.ts'
export { keptOf as keptSnapshots } from './store/snapshots.ts'
