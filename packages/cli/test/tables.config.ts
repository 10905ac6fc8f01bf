// The config of the tests' domain with its read tables; the tests say where the log is.
import { defineConfig } from 'indelible'
import { fileStorage } from 'indelible/file'
import { system } from './domain.ts'
import { tablesIn } from './tables.ts'

export default defineConfig({
  system,
  dataDir: './no-such-directory',
  open: (options) => ({ ...fileStorage(options), tables: async () => tablesIn(options.dataDir) }),
})
