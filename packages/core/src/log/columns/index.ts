// Replay columns: the second, columnar copy of a sealed segment. It is derived from the log and can be deleted at any time.
export { buildColumns } from './build.ts'
export { ColumnBatch } from './column-batch.ts'
export { type ColumnsOwner, columnsName } from './column-file.ts'
export { ColumnsBuilder, type ColumnsInput } from './columns-builder.ts'
export { type ColumnsInMemory, columnsInMemory } from './columns-in-memory.ts'
export { type LoadedSegment, loadSegment } from './loaded-segment.ts'
export { type Pace, SharedPace, unpaced } from './pace.ts'
export { type ColumnsSource, type LoggedEvent, readsColumns, SegmentColumns } from './segment-columns.ts'
