// `indelible/history`: states as of any point, and decisions made again.
export { type AsOf, type StateAsOf, stateAsOf } from './as-of.ts'
export {
  type DecidedEvent,
  type DecisionDifference,
  type DecisionOutcome,
  type ReplayedDecision,
  type ReplayOptions,
  type ReplayVerdict,
  replayDecisions,
} from './decisions.ts'
