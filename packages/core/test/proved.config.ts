// A system that keeps a Merkle tree, for tests that start it from its config.
import { defineConfig, defineSystem } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'

export default defineConfig({
  system: defineSystem({ name: 'proved', commands: [] }),
  open: (options) => ({
    ...fileStorage(options),
    tables: async () => memoryTables(),
    proofs: { origin: 'proved.example/log' },
  }),
})
