// The config of the tests' saga: renamed.
import { defineConfig } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { renamed, systemWith } from './sagas-domain.ts'

export default defineConfig({
  system: systemWith(renamed),
  dataDir: './no-such-directory',
  open: (options) => ({ ...fileStorage(options), tables: async () => memoryTables() }),
})
