import { defineSystem, type EventStore, type LoadedConfig } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { log } from './log.ts'

test('what the store says that an operator should mend is a warning with advice', async () => {
  const concerns = [{ problem: 'The role "app" is a superuser.', remedy: 'Give it a role of its own.' }]
  const store: EventStore = {
    ...memoryStore(),
    health: async () => ({ canWrite: true, refusedAppends: {}, durability: 'machine', concerns }),
  }
  const config = { system: defineSystem({ name: 'empty', commands: [] }), schemas: {} } as unknown as LoadedConfig
  const findings = await log(async () => store, config)
  expect(findings.filter(({ status }) => status === 'warn')).toEqual([
    {
      check: 'log',
      status: 'warn',
      message: 'The role "app" is a superuser.',
      advice: 'Give it a role of its own.',
    },
  ])
})
