// Processes: sagas and what they consist of.
export { type SagaFinding, sagaFindings } from './check.ts'
export {
  type AwaitNode,
  allNodes,
  type ChildNode,
  childrenOf,
  type FlowNode,
  flowsIn,
  isPivot,
  nodeAt,
  type SagaContext,
  type SagaSend,
  type StepNode,
} from './flow.ts'
export type { Compensation, Flow, SagaCommand } from './flow-chain.ts'
export { checkedName, invalid } from './flow-checks.ts'
export { type OnRefused, type Policy, policy, type Sent } from './policy.ts'
export { type AnySaga, type Correlated, type Saga, type SagaHead, saga, sagaEvents, sagaSends } from './saga.ts'
export type { SagaMap, SagaMaps } from './saga-maps.ts'
export { type ScheduledCommand, scheduleSaga } from './schedule.ts'
