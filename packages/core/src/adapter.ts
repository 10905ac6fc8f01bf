// `indelible/adapter`: for authors of adapters of read tables, and of other interfaces to tables. Rows pass through here, so that all refuse and return the same.
export { formerTableName, keyText, nextTable } from './kernel/tables.ts'
export { checkedDuration, type Timer, timer } from './kernel/timers.ts'
export { selectLimitDefault } from './store/read-tables.ts'
export { canonicalKey, canonicalRow, canonicalSelect } from './store/rows.ts'
