// `indelible/moving`: a log is moved to another store.
export { type CopyOptions, type CopyProgress, type CopySummary, copyLog } from './copy-log.ts'
export { moveKeys, moveRecords } from './move-rest.ts'
