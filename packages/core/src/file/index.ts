// `indelible/file`: events and snapshots in a directory, and a look at them from outside.

export { type BackupMismatch, type BackupOptions, type BackupSummary, backupLog } from '../log/maintenance/backup.ts'
export type { Progress } from '../log/maintenance/progress.ts'
export { type RebuildOptions, type RebuildSummary, rebuildIndex } from '../log/maintenance/rebuild-index.ts'
export { type LogStats, logStats, type SegmentStats, type SyncStats } from '../log/maintenance/stats.ts'
export { type InspectOptions, type LogEnding, type LogSummary, verifyLog } from '../log/maintenance/verify.ts'
export { type FileStoreOptions, fileStore } from './event-store.ts'
export { type FileSnapshotsOptions, fileSnapshots } from './snapshots.ts'
