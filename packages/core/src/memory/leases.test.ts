import { describe, test } from 'vitest'
import { manualClock } from '../testing/clock.ts'
import { leasesContract } from '../testing/contract/leases.ts'
import { memoryLeases } from './leases.ts'

describe('leases in memory keep the contract', () => {
  test.each(leasesContract)('$name', async ({ run }) => {
    const clock = manualClock()
    const leases = memoryLeases({ clock })
    await run({ leases, again: async () => leases, pass: async (ms) => clock.advance(ms) })
  })
})
