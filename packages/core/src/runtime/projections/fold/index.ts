// Events to rows, in memory: in the order of the log or stream by stream.
export { type FoldFailure, FoldStopped, parkedError } from './failure.ts'
export type { KnownRows, KnownVersion } from './known-rows.ts'
export { RowFold } from './row-fold.ts'
export { type FoldedRows, foldFromZero, type WholeFoldContext } from './whole-fold.ts'
