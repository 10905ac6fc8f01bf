// Reads a log from one frame to the next: to open it, to follow it, to scan it, to check it.
export { LogReader, type ReadFrame } from './reader.ts'
export { type FrameStart, scanEvents, scanRecords } from './scan.ts'
export { BatchSink } from './scanned-batch.ts'
export { type BuildTask, eachFrame } from './segment-frames.ts'
export { lastSegment } from './segment-list.ts'
export { SegmentReader, type Tail } from './segment-reader.ts'
