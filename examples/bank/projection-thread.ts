// The thread that the bank's projections are on where a Postgres server has its tables: nothing that they do slows a command.
import { join } from 'node:path'
import { runProjections } from 'indelible'
import { fileStore } from 'indelible/file'
import { bank } from './bank.ts'
import { type BankOptions, openBankTables } from './open-bank.ts'

await runProjections(async (options: BankOptions) => ({
  system: bank,
  store: await fileStore({ dir: join(options.dataDir, 'log'), access: 'read' }),
  tables: await openBankTables(options),
}))
