// `indelible/history`: states as of any point.
export { type AsOf, type StateAsOf, stateAsOf } from './as-of.ts'
