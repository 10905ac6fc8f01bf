// `indelible/file`: events and snapshots in a directory, and a look at them from outside.
export { writerOf } from '../log/disk/index.ts'
export {
  type BackupMismatch,
  type BackupOptions,
  type BackupSummary,
  backupLog,
  type InspectOptions,
  type LogEnding,
  type LogStats,
  type LogSummary,
  logStats,
  type Progress,
  type RebuildOptions,
  type RebuildSummary,
  rebuildIndex,
  type SegmentStats,
  type SyncStats,
  verifyLog,
} from '../log/maintenance/index.ts'
export { type FileConsumersOptions, fileConsumers } from './consumers.ts'
export { type FileCopyOptions, fileCopySource, fileCopyTarget } from './copying.ts'
export { type FileStoreOptions, fileStore } from './event-store.ts'
export { type FileProofsOptions, fileProofs } from './proof-files.ts'
export { type FileSnapshotsOptions, fileSnapshots } from './snapshots.ts'
export { type FileStorageOptions, fileStorage } from './storage.ts'
