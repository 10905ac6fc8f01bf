import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { eventStoreContract } from '../store/contract.ts'
import { fileStore } from './event-store.ts'

describe('the file store keeps the contract', () => {
  test.each(eventStoreContract)('$name', async ({ run }) => {
    const dir = await mkdtemp(join(tmpdir(), 'indelible-'))
    const store = await fileStore({ dir })
    await run(store).finally(() => store.close())
    await rm(dir, { recursive: true })
  })
})
