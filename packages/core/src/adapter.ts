// `indelible/adapter`: for authors of adapters of read tables, and of other interfaces to tables. Rows pass through here, so that all refuse and return the same.
export { historyTable, historyTableName, keyText, previousTableName, stagingTable } from './kernel/tables.ts'
export { checkedDuration, every, type Timer, timer } from './kernel/timers.ts'
export {
  type CanonicalSelect,
  type Condition,
  canonicalSelect,
  type OrderColumn,
  operatorsOf,
  type SelectOperator,
  type SelectPlace,
} from './store/canonical-select.ts'
export { canonicalKey, canonicalRow } from './store/rows.ts'
export { selectConditionsMax, selectInValuesMax, selectLimitDefault, selectOrderColumnsMax } from './store/select.ts'
