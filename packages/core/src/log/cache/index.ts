// What was read and is kept in memory for the next reader, each kind up to a limit.
export { OpenFiles } from './open-files.ts'
export { RecentlyUsed } from './recently-used.ts'
export { RecordCache } from './record-cache.ts'
export { SeenBefore } from './seen-before.ts'
