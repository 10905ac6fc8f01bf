// Tenants on one Postgres server, shared by processes: each sends reminders some time after they were asked for.
import { aggregate, defineConfig, defineSystem, event, saga } from 'indelible'
import { memoryTables } from 'indelible/memory'
import { z } from 'zod'
import { postgresStorage } from '../src/index.ts'

const [Asked, Reminded] = [event('ReminderAsked', z.object({})), event('Reminded', z.object({}))]
const reminder = aggregate('reminder', { initialState: {} })
  .on(Asked, (state) => state)
  .on(Reminded, (state) => state)
const Ask = reminder.command('Ask', { input: z.object({}), emits: [Asked], decide: () => Asked({}) })
const Remind = reminder.command('Remind', { input: z.object({}), emits: [Reminded], decide: () => Reminded({}) })
const reminding = saga('reminding', { startsOn: Asked, owner: 'support' })
  .sleep('wait', { for: '8s' })
  .step('remind', { command: Remind, to: (_asked, { sagaId }) => sagaId, input: () => ({}) })

export default defineConfig({
  system: defineSystem({ name: 'reminders', commands: [Ask, Remind], sagas: [reminding] }),
  tenants: { idleMs: 500 },
  open({ mode, tenant }) {
    const { DATABASE_URL: connectionString, SCHEMA: schema } = process.env as Record<string, string>
    return {
      ...postgresStorage({ connectionString: connectionString!, schema: schema!, mode, log: tenant!, max: 4 }),
      tables: async () => memoryTables(),
    }
  },
})
