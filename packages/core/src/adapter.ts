// `indelible/adapter`: for those who write an adapter of read tables. Every adapter passes rows through here, so that all refuse and give back the same.
export { formerTableName, keyText, nextTable } from './kernel/tables.ts'
export { selectLimitDefault } from './store/read-tables.ts'
export { keptKey, keptRow, keptSelect } from './store/rows.ts'
