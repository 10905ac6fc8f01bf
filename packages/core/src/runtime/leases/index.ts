// The leases of a process: what it runs, and what others run. The only door of the room.
export type { Holding, Term } from './holding.ts'
export { Holdings, type Peers, type ProcessStatus } from './holdings.ts'
export { OperatorWatch } from './operator-watch.ts'
export { whileHeld } from './while-held.ts'
