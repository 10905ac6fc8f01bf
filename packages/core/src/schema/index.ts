// `indelible/schema`: the schemas of a domain as JSON Schema, and a declared system as JSON.

export type { CommandName } from './command-name.ts'
export type { EventDescription, FormerTypeDescription, HandlerKind, VersionDescription } from './describe-event.ts'
export type { NodeDescription, SagaDescription } from './describe-saga.ts'
export {
  type ActivityDescription,
  type AggregateDescription,
  type ColumnDescription,
  type CommandDescription,
  type DecisionModelDescription,
  describeSystem,
  type PolicyDescription,
  type ProjectionDescription,
  type ReactionDescription,
  type RemoteDescription,
  type SystemDescription,
} from './describe-system.ts'
export {
  type Diagram,
  type DiagramEdge,
  type DiagramGroup,
  type DiagramLine,
  type DiagramNode,
  mermaidOf,
} from './diagram.ts'
export { type JsonSchema, jsonSchemaOf } from './json-schema.ts'
export { sagaDiagram } from './saga-diagram.ts'
