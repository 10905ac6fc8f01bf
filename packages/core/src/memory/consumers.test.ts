import { describe, test } from 'vitest'
import { consumerRecordsContract, sharedRecordsContract } from '../testing/contract/consumer-records.ts'
import { memoryConsumers } from './consumers.ts'

describe('the records of consumers in memory keep the contract', () => {
  test.each([...consumerRecordsContract, ...sharedRecordsContract])('$name', async ({ run }) => {
    const records = memoryConsumers()
    await run({ records, again: async () => records })
  })
})
