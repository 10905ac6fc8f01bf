// The first module of the thread that grows the Merkle tree. It opens the log for reading as the config of the system says.
import { growTree } from '../runtime/proofs/tree-host.ts'
import { loadConfig, openers } from './load-config.ts'
import type { ThreadData } from './open-system.ts'

await growTree(async ({ config: url, dataDir }: ThreadData) => {
  const config = await loadConfig(new URL(url))
  const { store, proofFiles } = openers(config, { dataDir, mode: 'tree' })
  return { store: await store(), files: proofFiles! }
})
