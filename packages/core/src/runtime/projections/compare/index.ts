// A table compared with what the log makes of it.

export { ContentHash } from './content-hash.ts'
export { differenceFrom, type Sample, takeSample } from './sample.ts'
export { type CheckOptions, checkTable, type TableCheck, type TableDifference } from './verify.ts'
export { VersionsHash } from './versions-hash.ts'
