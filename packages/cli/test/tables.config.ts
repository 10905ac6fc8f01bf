// The config of the tests' domain with its read tables; the tests say where the log is.
import { defineConfig } from 'indelible'
import { system } from './domain.ts'
import { tablesIn } from './tables.ts'

export default defineConfig({
  system,
  dataDir: './no-such-directory',
  openTables: async ({ dataDir }) => tablesIn(dataDir),
})
