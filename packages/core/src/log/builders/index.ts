// Builds index files and column files in the background, on a thread of their own.
export { Indexer, type IndexMaker } from './indexer.ts'
export { indexMaker } from './makers.ts'
