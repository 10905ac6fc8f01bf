// The bytes of a log: headers of segments, frames, records, payloads. Nothing here opens a file.
export { canCompile, compiled } from './compiled.ts'
export {
  claimedLength,
  completed,
  encodeMark,
  Frame,
  type FrameKind,
  type FramePlace,
  frameAlignment,
  frameHeaderBytes,
  isFrame,
  type Mark,
  type Place,
  type PlacedFrame,
  seemsFrame,
} from './frame.ts'
export { LogEvent, type PayloadParser } from './log-event.ts'
export { hasContentType, hasValidAt, isReservedAt, readU48, recordFixedBytes, type Utf8Buffer } from './record.ts'
export {
  checkHeader,
  corrupt,
  decodeHeader,
  encodeHeader,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentName,
} from './segment-header.ts'
export { RecentTexts, SimilarPayloads } from './similar-payloads.ts'
export { TypeFilter } from './type-filter.ts'
export { type NewCommit, recordBytesMax, writeRecord } from './write-record.ts'
