import { join } from 'node:path'
import { describe, test } from 'vitest'
import { proofFilesContract } from '../testing/contract/proof-files.ts'
import { snapshotsContract } from '../testing/contract/snapshots.ts'
import { fileProofs } from './proof-files.ts'
import { fileSnapshots } from './snapshots.ts'
import { temporaryDirectory } from './test-support.ts'

describe('snapshots in files keep the contract', () => {
  test.each(snapshotsContract)('$name', async ({ run }) => {
    const dir = temporaryDirectory()
    await run({ snapshots: fileSnapshots({ dir }), again: async () => fileSnapshots({ dir }) })
  })
})

describe('files of the tree keep the contract', () => {
  test.each(proofFilesContract)('$name', async ({ run }) => {
    const root = temporaryDirectory()
    const options = { dir: join(root, 'proofs'), keysFile: join(root, 'keys', 'tree.keys') }
    await run({ files: fileProofs(options), again: async () => fileProofs(options) })
  })
})
