// The door of access: who may do what, and what is seen of it.
export { Access, type Explanation } from './access.ts'
export type { AccessOptions, Condition, Conditions, Grant } from './grants.ts'
export type { Need } from './needs.ts'
export type { Principal } from './principal.ts'
export type { SeenRows, Sees } from './sees.ts'
export type { Scope } from './tenants.ts'
