// A system whose log has a Merkle tree, which grows on a thread of its own as in production.
import { defineConfig, defineSystem } from 'indelible'
import { fileStorage } from 'indelible/file'
import { memoryTables } from 'indelible/memory'

export default defineConfig({
  system: defineSystem({ name: 'proved', commands: [] }),
  open: (options) => ({ ...fileStorage(options), tables: async () => memoryTables(), proofs: { origin: 'bench/log' } }),
})
