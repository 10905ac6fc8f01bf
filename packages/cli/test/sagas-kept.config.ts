// The config of the tests' saga: kept.
import { defineConfig } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { kept, systemWith } from './sagas-domain.ts'

export default defineConfig({
  system: systemWith(kept),
  dataDir: './no-such-directory',
  open: (options) => ({ ...fileStorage(options), tables: async () => memoryTables() }),
})
