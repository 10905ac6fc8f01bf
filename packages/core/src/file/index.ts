// `indelible/file`: events and snapshots in a directory, and a look at them from outside.
export { type FileStoreOptions, fileStore } from './event-store.ts'
export {
  type InspectOptions,
  type LogEnding,
  type LogStats,
  type LogSummary,
  logStats,
  type SegmentStats,
  verifyLog,
} from './inspect.ts'
export { type FileSnapshotsOptions, fileSnapshots } from './snapshots.ts'
