// Projections on a thread of their own.
export { projectionThread } from './projection-thread.ts'
export { runProjections, type ThreadResources } from './run-projections.ts'
