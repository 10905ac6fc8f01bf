// `indelible/adapter`: for those who write an adapter of read tables, or another door. Rows pass through here, so that all refuse and give back the same.
export { keyText, previousTableName, stagingTable } from './kernel/tables.ts'
export { checkedDuration, type Timer, timer } from './kernel/timers.ts'
export { selectLimitDefault } from './store/read-tables.ts'
export { canonicalKey, canonicalRow, canonicalSelect } from './store/rows.ts'
