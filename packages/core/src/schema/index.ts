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
export { type JsonSchema, jsonSchemaOf } from './json-schema.ts'
export { sagaDiagram } from './saga-diagram.ts'
export type {
  ActivityDescription,
  AggregateDescription,
  ColumnDescription,
  CommandDescription,
  DecisionModelDescription,
  DescribedPart,
  EventDescription,
  PolicyDescription,
  ProjectionDescription,
  ReactionDescription,
  RemoteDescription,
  SystemDescription,
} from './system-description.ts'
