// `indelible/adapter`: for authors of adapters of read tables, and of other interfaces to tables. Rows pass through here, so that all refuse and return the same.
// And for authors of tracers and meters: the lists of all spans, attributes and instruments.
export { historyTable, historyTableName, keyText, previousTableName, stagingTable } from './kernel/tables.ts'
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
export { canonicalKey, canonicalRow } from './store/rows.ts'
export { selectConditionsMax, selectInValuesMax, selectLimitDefault, selectOrderColumnsMax } from './store/select.ts'
