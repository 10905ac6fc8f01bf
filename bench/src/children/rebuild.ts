// Rebuilds the table of a bank, checks every row of it, and reports how long the rebuild took.
import { pgliteTables, postgresStore, postgresTables } from '@indelible/postgres'
import { ProjectionOperator, type Row } from 'indelible'
import { fileStore } from 'indelible/file'
import { accountBalances, bank } from '../bank.ts'
import { checkRows } from '../bank-log.ts'
import { tell } from '../children.ts'

const [log, kind, where, events, accounts] = process.argv.slice(2) as [string, string, string, string, string]
const store = log.startsWith('postgres:')
  ? await postgresStore({ connectionString: log })
  : await fileStore({ dir: log, access: 'read' })
const tables =
  kind === 'pglite' ? await pgliteTables({ dir: where }) : await postgresTables({ connectionString: where })
await tables.open(accountBalances.table)
const operator = new ProjectionOperator(bank, { store, tables, domainCode: 'trusted' })
const begin = performance.now()
await operator.rebuild(accountBalances.name)
const ms = performance.now() - begin
const rows: Row[] = []
await tables.scan(accountBalances.table, (some) => void rows.push(...some))
checkRows(rows, { events: Number(events), accounts: Number(accounts) })
await tables.close()
await store.close()
await tell({ ms })
process.disconnect()
