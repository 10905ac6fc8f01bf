// `indelible/schema`: the schemas of a domain as JSON Schema, and a declared system as JSON.

export type {
  Board,
  BoardCommand,
  BoardEvent,
  BoardLane,
  BoardListener,
  BoardModel,
  BoardPolicy,
  BoardReadModel,
  BoardSaga,
  BoardStep,
} from './board/board.ts'
export { boardNames, boardOf } from './board/board-of.ts'
export { type BoardFinding, BoardFindings } from './board/findings.ts'
export { boardFromMarkdown, type WrittenBoard, writtenBoard } from './board/from-markdown.ts'
export { boardMarkdown, nameText } from './board/markdown.ts'
export { type BoardPart, listenersTo, sendersOf, sendsOf } from './board/relations.ts'
export {
  type BoardTimeline,
  type TimelineEvent,
  type TimelineLane,
  type TimelineMoment,
  timelineOf,
} from './board/timeline.ts'
export type { CommandName } from './command-name.ts'
export { schemaProblems } from './compatibility/compare.ts'
export type { SideNames, Sides } from './compatibility/pair.ts'
export { type SchemaProblem, type SchemaRule, schemaRules } from './compatibility/problems.ts'
export type { NodeDescription, SagaDescription } from './describe-saga.ts'
export { describeSystem } from './describe-system.ts'
export {
  type Diagram,
  type DiagramEdge,
  type DiagramGroup,
  type DiagramLine,
  type DiagramNode,
  type DiagramRole,
  mermaidOf,
} from './diagram.ts'
export { type BasicType, type FieldType, fieldType } from './field-types.ts'
export { allFields, type Field, fieldsOf } from './fields.ts'
export { flowOverview, laneFlow, linkOfLane, titleOfLane } from './flow-diagram.ts'
export {
  type ContractFile,
  contractFileOf,
  contractsInFile,
  contractsInLog,
  type EventContract,
  isCurrentFile,
  type KnownContract,
} from './gate/contracts.ts'
export {
  type AcceptedFinding,
  type CompatibilityMode,
  type ContractFinding,
  type ContractRule,
  compatibilityModes,
  contractRules,
  isRefusing,
  judgeContracts,
  unusedAcceptances,
} from './gate/judge.ts'
export { type EventFailure, type ReplayedEvents, replayEvents, type TypeReplayed } from './gate/replay.ts'
export { type JsonSchema, jsonSchemaOf } from './json-schema.ts'
export { markdownText } from './markdown.ts'
export { eventSchemaOf } from './registry/event-schema.ts'
export {
  type EventTypeListed,
  type EventTypeShown,
  type EventTypeStatus,
  eventTypeStatuses,
  knownEventType,
  knownEventTypes,
  type SeenEvent,
  type VersionShown,
} from './registry/known-types.ts'
export { type RegistryNotice, registerEventTypes } from './registry/register.ts'
export {
  type RegisteredType,
  type RegisteredVersion,
  type Registration,
  type Registry,
  readRegistry,
} from './registry/registrations.ts'
export { countVersions, type VersionCount, type VersionCounts } from './registry/version-counts.ts'
export { sagaDiagram } from './saga-diagram.ts'
export type {
  ActivityDescription,
  AggregateDescription,
  ColumnDescription,
  CommandDescription,
  DecisionModelDescription,
  DescribedPart,
  EventDescription,
  FormerTypeDescription,
  HandlerKind,
  PolicyDescription,
  ProjectionDescription,
  ReactionDescription,
  RemoteDescription,
  SystemDescription,
  VersionDescription,
} from './system-description.ts'
