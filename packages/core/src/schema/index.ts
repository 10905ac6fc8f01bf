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
} from './board.ts'
export { type BoardFinding, BoardFindings } from './board-findings.ts'
export { boardFromMarkdown, type WrittenBoard, writtenBoard } from './board-from-markdown.ts'
export { boardMarkdown, nameText } from './board-markdown.ts'
export { boardNames, boardOf } from './board-of.ts'
export { type BoardPart, listenersTo, sendersOf, sendsOf } from './board-relations.ts'
export {
  type BoardTimeline,
  type TimelineEvent,
  type TimelineLane,
  type TimelineMoment,
  timelineOf,
} from './board-timeline.ts'
export type { CommandName } from './command-name.ts'
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
export { type JsonSchema, jsonSchemaOf } from './json-schema.ts'
export { markdownText } from './markdown.ts'
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
