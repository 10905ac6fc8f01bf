// `indelible/schema`: the schemas of a domain as JSON Schema, and a declared system as JSON.
export {
  type AggregateDescription,
  type ColumnDescription,
  type CommandDescription,
  type CommandName,
  type DecisionModelDescription,
  describeSystem,
  type EventDescription,
  type ProjectionDescription,
  type ReactionDescription,
  type SagaDescription,
  type SystemDescription,
} from './describe-system.ts'
export { type JsonSchema, jsonSchemaOf } from './json-schema.ts'
