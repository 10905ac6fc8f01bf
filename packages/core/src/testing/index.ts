// `indelible/testing`: contract suites for adapters, and what tests of a domain need.
export { eventStoreContract } from '../store/contract.ts'
export type { ContractCase } from '../store/contract-case.ts'
export { readTablesContract } from '../store/read-tables-contract.ts'
export { manualClock, sequentialIds } from './clock.ts'
export { type Crash, crashingStore } from './crashing-store.ts'
export { type DecisionContext, decideAfter, stateAfter } from './specification.ts'
