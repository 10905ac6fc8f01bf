// How a bank is opened. BANKS_PARTNER is the URL of the other one.
import { httpSystem } from '@indelible/server'
import { defineConfig } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'
import { bank } from './bank.ts'

export default defineConfig({
  system: bank,
  open: (options) => ({
    ...fileStorage(options),
    // There are no read tables.
    tables: async () => memoryTables(),
    remotes: { partner: httpSystem({ url: process.env.BANKS_PARTNER ?? 'http://127.0.0.1:4002', timeoutMs: 2_000 }) },
  }),
})
