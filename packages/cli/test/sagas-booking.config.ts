// The config of the tests' saga: booking.
import { defineConfig } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { booking, systemWith } from './sagas-domain.ts'

export default defineConfig({
  system: systemWith(booking),
  dataDir: './no-such-directory',
  open: (options) => ({ ...fileStorage(options), tables: async () => memoryTables() }),
})
