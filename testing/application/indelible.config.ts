// What the command line finds, in the folder of the application.
import { defineConfig } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { shop } from './shop.ts'

export default defineConfig({
  system: shop,
  open: (options) => ({ ...fileStorage(options), tables: async () => memoryTables() }),
})
