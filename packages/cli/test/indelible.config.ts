// The config of the tests' domain; the tests say where the log is.
import { defineConfig } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { system } from './domain.ts'

export default defineConfig({
  system,
  dataDir: './no-such-directory',
  open: (options) => ({ ...fileStorage(options), tables: async () => memoryTables() }),
})
