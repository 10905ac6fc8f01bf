import { describe, test } from 'vitest'
import { eventStoreContract } from '../testing/contract/event-store.ts'
import { memoryStore } from './event-store.ts'

describe('the memory store keeps the contract', () => {
  test.each(eventStoreContract)('$name', async ({ run }) => {
    const store = memoryStore()
    await run(store).finally(() => store.close())
  })
})
