// `indelible/testing`: contract suites for adapters, and what tests of a domain need.

export { manualClock, sequentialIds } from './clock.ts'
export { connectTo } from './connect-to.ts'
export {
  type ConsumerRecordsSubject,
  consumerRecordsContract,
  sharedRecordsContract,
} from './contract/consumer-records.ts'
export type { ContractCase } from './contract/contract-case.ts'
export { eventStoreContract } from './contract/event-store.ts'
export { type LeasesSubject, leasesContract } from './contract/leases.ts'
export { type LogCopiesSubject, logCopiesContract } from './contract/log-copies.ts'
export {
  type ProofFilesSubject,
  proofFilesContract,
  sharedProofFilesContract,
} from './contract/proof-files.ts'
export { readTablesContract } from './contract/read-tables.ts'
export { type SnapshotsSubject, snapshotsContract } from './contract/snapshots.ts'
export { type Crash, crashingStore } from './crashing-store.ts'
export { type FakeService, fakeService } from './fake-service.ts'
export {
  type Fault,
  type FaultCell,
  type FaultMatrix,
  type FaultMatrixOptions,
  type FaultScenario,
  faultMatrix,
  formatFaultMatrix,
  type SagaEnded,
  type SagaWait,
  type TrialEnd,
} from './fault-matrix/index.ts'
export { rehearse, type SagaRehearsal } from './saga-rehearsal.ts'
export { type DecisionContext, decideAfter, stateAfter } from './specification.ts'
