// Writes a log: group commit, and the writer that makes each frame durable.
export { removeUnfinished } from './create-segment.ts'
export { GroupCommit, type QueuedCommit } from './group-commit.ts'
export { readSyncTimes, SyncClock, type SyncTimes } from './sync-times.ts'
export { LogWriter, type WriterListener } from './writer.ts'
