// `indelible/history`: states and tables as of any point, what differs between two points, who made a value what it is, and decisions made again.
export { type StateAsOf, type StateOptions, stateAsOf } from './as-of.ts'
export {
  type AuditFilters,
  type AuditPage,
  type AuditPageOptions,
  auditExaminedMax,
  auditPage,
  auditPageDefault,
  auditTrail,
} from './audit.ts'
export { type AuditEntry, type AuditOutcome, auditOutcomes } from './audit-entries.ts'
export { Basis } from './basis.ts'
export { type Blamed, blame, type Changed, historyOf } from './blame.ts'
export { type Causation, type CausedEntry, causationOf } from './causation.ts'
export type { Cause } from './causes.ts'
export type { Change } from './changes.ts'
export {
  type DecidedEvent,
  type DecisionDifference,
  type DecisionOutcome,
  type ReplayedDecision,
  type ReplayOptions,
  type ReplayVerdict,
  replayDecisions,
} from './decisions.ts'
export { type Between, diffRows, diffStates, type RowsDiff, type StateDiff } from './diff.ts'
export type { KeepPastOptions, PastTable } from './past-table.ts'
export { type AsOf, type Known, type PointOfLog, pointOfText, textOfPoint } from './points.ts'
export { type SampleEvents, sampleEvents } from './samples.ts'
export type { Subject } from './steps.ts'
export { type ViewOptions, viewAsOf } from './view-as-of.ts'
export {
  type AddedCommand,
  type OtherDecision,
  type OtherPast,
  type PlayOptions,
  type StateWhatIf,
  WhatIf,
  type WhatIfOptions,
  whatIf,
} from './what-if/index.ts'
