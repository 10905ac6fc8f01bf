import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { eventStoreContract } from 'indelible/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { postgresStore } from './event-store.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

describe('the store in Postgres keeps the contract', () => {
  let logs = 0

  test.each(eventStoreContract)('$name', async ({ run }) => {
    const store = await postgresStore({ connectionString: server.connectionString, log: `log-${++logs}` })
    await run(store).finally(() => store.close())
  })
})
