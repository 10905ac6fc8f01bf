// The determinism guard: how the runtime runs domain code.
export { type Evolving, evolved } from './evolving.ts'
export { type DomainCode, type Guard, guardOf, isWatched, Sample, trusting, watching } from './guard.ts'
export { installGuard } from './install.ts'
export { differenceOf } from './repeats.ts'
