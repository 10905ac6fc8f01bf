// The index of a log: the index files of its segments, and the index in memory of what has no file yet.
export { buildIndex } from './build.ts'
export { EntryCounter, type IndexCounts } from './entry-counter.ts'
export { IndexBuilder, type SegmentStreams } from './index-builder.ts'
export { decodeIndexHeader, type IndexHeader, indexName } from './index-file.ts'
export { LogIndex } from './log-index.ts'
export { isPage, pageBytes, payloadBytes } from './pages.ts'
export { type RecordLocation, SegmentIndex } from './segment-index.ts'
export { hashTerm, kindCodes } from './terms.ts'
