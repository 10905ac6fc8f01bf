import { describe, test } from 'vitest'
import { logCopiesContract } from '../testing/contract/log-copies.ts'
import { MemoryCopy, memoryCopySource } from './copying.ts'
import { memoryStore } from './event-store.ts'

describe('copies in memory keep the contract', () => {
  test.each(logCopiesContract)('$name', async ({ run }) => {
    const store = memoryStore()
    const copy = new MemoryCopy()
    await run({
      store,
      openSource: async () => memoryCopySource(store),
      stopWriting: async () => {},
      openTarget: copy.open,
      // It is the only one, so it stays open.
      openCopy: async () => ({ ...copy.store, close: async () => {} }),
    })
  })
})
