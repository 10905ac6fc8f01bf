// Tiles, checkpoint and keys of the Merkle tree that live as long as the process.
import type { ProofFiles } from '../store/proof-files.ts'

export function memoryProofs(): ProofFiles {
  const files = new Map<string, Uint8Array>()
  const tokens = new Map<string, number>()
  let keys: string | undefined
  return {
    read: async (path) => files.get(path)?.slice(),
    async write(path, bytes, { token } = {}) {
      if (token !== undefined && token < (tokens.get(path) ?? 0)) return
      if (token !== undefined) tokens.set(path, token)
      files.set(path, bytes.slice())
    },
    async remove(path) {
      // What lies under it as under a directory, too.
      for (const each of files.keys()) if (each === path || each.startsWith(`${path}/`)) files.delete(each)
    },
    loadKeys: async () => keys,
    async saveKeys(text) {
      keys = text
    },
  }
}
