// `indelible/file`: events and snapshots in a directory, and a look at them from outside.

export { type FileConsumersOptions, fileConsumers } from './consumers.ts'
export { type FileStoreOptions, fileStore } from './event-store.ts'
export { type BackupMismatch, type BackupOptions, type BackupSummary, backupLog } from './maintenance/backup.ts'
export type { Progress } from './maintenance/progress.ts'
export { type RebuildOptions, type RebuildSummary, rebuildIndex } from './maintenance/rebuild-index.ts'
export { type LogStats, logStats, type SegmentStats, type SyncStats } from './maintenance/stats.ts'
export { type InspectOptions, type LogEnding, type LogSummary, verifyLog } from './maintenance/verify.ts'
export { type FileSnapshotsOptions, fileSnapshots } from './snapshots.ts'
export { type FileStorageOptions, fileStorage } from './storage.ts'
