// Maintenance of a whole log: verify, back up, count, rebuild its indexes.
export { type BackupMismatch, type BackupOptions, type BackupSummary, backupLog } from './backup.ts'
export type { Progress } from './progress.ts'
export { type RebuildOptions, type RebuildSummary, rebuildIndex } from './rebuild-index.ts'
export { type LogStats, logStats, type SegmentStats, type SyncStats } from './stats.ts'
export { type InspectOptions, type LogEnding, type LogSummary, verifyLog } from './verify.ts'
