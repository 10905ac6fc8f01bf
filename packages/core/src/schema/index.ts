// `indelible/schema`: the schemas of a domain as JSON Schema, and a declared system as JSON.

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
  mermaidOf,
} from './diagram.ts'
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
