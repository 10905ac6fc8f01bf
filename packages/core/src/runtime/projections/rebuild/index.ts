// A table built again beside the one that readers see.
export { type RebuildOptions, type RebuildReport, rebuildTable } from './rebuild.ts'
