// What every database of read tables promises, as cases to run. An adapter is one only if it passes all of them.
import type { ReadTables } from '../../store/read-tables.ts'
import type { ContractCase } from './contract-case.ts'
import { tableChangesContract } from './table-changes.ts'
import { tableFillingContract } from './table-filling.ts'
import { tableHistoryContract } from './table-history.ts'
import { tableLeasesContract } from './table-leases.ts'
import { tableOpeningContract } from './table-opening.ts'
import { tablePagesContract } from './table-pages.ts'
import { tableReplacementContract } from './table-replacement.ts'
import { tableSelectionContract } from './table-selection.ts'
import { tableValuesContract } from './table-values.ts'

/** Each case needs fresh, empty tables; the caller closes them afterwards. */
export const readTablesContract: readonly ContractCase<ReadTables>[] = [
  ...tableOpeningContract,
  ...tableValuesContract,
  ...tableChangesContract,
  ...tablePagesContract,
  ...tableSelectionContract,
  ...tableFillingContract,
  ...tableReplacementContract,
  ...tableHistoryContract,
  ...tableLeasesContract,
]
