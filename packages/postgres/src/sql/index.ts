// The SQL of read tables, and the values in it. Pure functions.

export { selectRows } from './select.ts'
export {
  copyTarget,
  createIndexes,
  createTable,
  loadRows,
  quoteName,
  recordsTable,
  type Statement,
  saveChange,
} from './statements.ts'
export { chunkCharsMax, copyLine, rowsOf, safeInteger, sqlTypes, utcText } from './types.ts'
export { createHistory, saveVersions } from './versions.ts'
