import { describe, test } from 'vitest'
import { proofFilesContract, sharedProofFilesContract } from '../testing/contract/proof-files.ts'
import { snapshotsContract } from '../testing/contract/snapshots.ts'
import { memoryProofs } from './proof-files.ts'
import { memorySnapshots } from './snapshots.ts'

describe('snapshots in memory keep the contract', () => {
  test.each(snapshotsContract)('$name', async ({ run }) => {
    const snapshots = memorySnapshots()
    await run({ snapshots, again: async () => snapshots })
  })
})

describe('files of the tree in memory keep the contract', () => {
  test.each([...proofFilesContract, ...sharedProofFilesContract])('$name', async ({ run }) => {
    const files = memoryProofs()
    await run({ files, again: async () => files })
  })
})
