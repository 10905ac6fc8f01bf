// The SQL of read tables, and the values in it. Pure functions.
export {
  copyTarget,
  createIndexes,
  createTable,
  loadRows,
  quoted,
  recordsTable,
  type Statement,
  saveChange,
  selectRows,
} from './statements.ts'
export { copyLine, pieceCharsMax, rowsOf, safeInteger, sqlTypes, utcText } from './types.ts'
