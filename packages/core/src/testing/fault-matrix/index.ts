// The fault matrix: what users call, and what they get.
export {
  type FaultCell,
  type FaultMatrix,
  type FaultMatrixOptions,
  faultMatrix,
} from './fault-matrix.ts'
export type { Fault } from './faults.ts'
export { formatFaultMatrix } from './format.ts'
export type { FaultScenario, SagaEnded, SagaWait } from './scenario.ts'
export type { TrialEnd } from './verdict.ts'
