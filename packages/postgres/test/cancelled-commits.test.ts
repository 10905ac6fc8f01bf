// An administrator cancels a commit that waits for a standby. Postgres then reports success with a warning, although a failover would lose the commit.
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { postgresStore } from '../src/index.ts'
import { postgresDatabase } from '../src/server/index.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server?.remove())

test('a commit whose wait for a standby was cancelled is acknowledged only once the standby has it', async () => {
  const { connectionString } = server
  const administrator = await postgresDatabase({ connectionString })
  onTestFinished(() => administrator.close())
  const store = await postgresStore({ connectionString })
  onTestFinished(() => store.close())
  const append = () => store.append({ events: [{ stream: 'jar-1', type: 'Filled', data: {} }] })
  await append()
  const wait = async (standbys: string) => {
    await administrator.query(`ALTER SYSTEM SET synchronous_standby_names = '${standbys}'`)
    await administrator.query('SELECT pg_reload_conf()')
  }
  /** Those that wait for a standby. */
  const waiting = async () => {
    const rows = await administrator.query(`SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
    return rows.map(({ pid }) => pid as number)
  }
  const untilWaiting = async (isOver = () => false) => {
    for (;;) {
      const [pid] = await waiting()
      if (pid !== undefined || isOver()) return pid
    }
  }

  /** Appends until a commit waits: the server takes a new setting a little later than it says so. */
  const appendUntilOneWaits = async () => {
    for (;;) {
      const commit = { isAcknowledged: false }
      const appended = append().finally(() => {
        commit.isAcknowledged = true
      })
      const pid = await untilWaiting(() => commit.isAcknowledged)
      if (pid !== undefined) return { commit, appended, pid }
      await appended
    }
  }

  await wait('one_that_is_not_there')
  const { commit, appended, pid } = await appendUntilOneWaits()
  const { position } = await store.head()
  await administrator.query('SELECT pg_cancel_backend($1)', [pid])
  while ((await waiting()).includes(pid)) {}
  // The store asks what became of the commit, and that answer waits for the standby too.
  await untilWaiting(() => commit.isAcknowledged)
  expect(commit.isAcknowledged).toBe(false)
  await wait('')
  expect(await appended).toMatchObject({ status: 'written', firstPosition: position + 1 })
  expect(await store.head()).toMatchObject({ position: position + 1 })
})
