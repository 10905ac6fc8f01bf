// Tells the command line which system this is, where its log lies, and how its read tables are opened.
import { defineConfig } from 'indelible'
import { bank } from './bank.ts'
import { openBankTables } from './open-bank.ts'

export default defineConfig({
  system: bank,
  dataDir: './data',
  // The same as `bank serve --database` was given, if it was.
  openTables: ({ dataDir }) => openBankTables({ dataDir, database: process.env.INDELIBLE_DATABASE }),
})
