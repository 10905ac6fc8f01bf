import { setTimeout as pause } from 'node:timers/promises'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import {
  consumerRecordsContract,
  leasesContract,
  proofFilesContract,
  sharedProofFilesContract,
  sharedRecordsContract,
  snapshotsContract,
} from 'indelible/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { installPostgresLog, postgresStorage } from '../index.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

let logs = 0
/** Two processes with the same log, each as if it were alone on its machine. */
async function storages() {
  const log = `log-${++logs}`
  const open = async () => {
    const storage = postgresStorage({
      connectionString: server.connectionString,
      log,
      mode: 'run',
      application_name: `p${Math.random()}`,
    })
    const store = await storage.store()
    onTestFinished(() => store.close())
    return storage
  }
  return { storage: await open(), again: open }
}

describe('records of consumers in Postgres keep the contract', () => {
  test.each([...consumerRecordsContract, ...sharedRecordsContract])('$name', async ({ run }) => {
    const { storage, again } = await storages()
    await run({ records: storage.consumers, again: async () => (await again()).consumers })
  })
})

describe('leases in Postgres keep the contract', () => {
  test.each(leasesContract)('$name', async ({ run }) => {
    const { storage, again } = await storages()
    await run({ leases: storage.leases, again: async () => (await again()).leases, pass: (ms) => pause(ms) })
  })
})

describe('snapshots in Postgres keep the contract', () => {
  test.each(snapshotsContract)('$name', async ({ run }) => {
    const { storage, again } = await storages()
    await run({ snapshots: storage.snapshots, again: async () => (await again()).snapshots })
  })
})

describe('files of the tree in Postgres keep the contract', () => {
  test.each([...proofFilesContract, ...sharedProofFilesContract])('$name', async ({ run }) => {
    const { storage, again } = await storages()
    await run({ files: storage.proofFiles, again: async () => (await again()).proofFiles })
  })
})

test('the role of an application may keep what it has to keep', async () => {
  const superuser = new pg.Client(server.connectionString)
  await superuser.connect()
  onTestFinished(() => superuser.end())
  await superuser.query(`CREATE ROLE keeper LOGIN PASSWORD 'keeper'`)
  const schema = 'granted'
  await installPostgresLog({ connectionString: server.connectionString, schema, role: 'keeper' })
  const connectionString = server.connectionString.replace('postgres:postgres@', 'keeper:keeper@')
  const storage = postgresStorage({ connectionString, schema, mode: 'run' })
  const store = await storage.store()
  onTestFinished(() => store.close())
  const { leases, consumers, snapshots, proofFiles } = storage
  await leases.renew('process', { ms: 60_000 })
  expect((await leases.take('mail', 'process'))?.token).toBe(1)
  await leases.leave('process')
  const checkpoint = { position: 1, history: 'a' }
  const updatedAt = '2026-01-01T00:00:00.000Z'
  expect(await consumers.save({ name: 'mail', checkpoint, isPaused: false, parked: [], updatedAt })).toBe('saved')
  const snapshot = {
    stream: 'a-1',
    fingerprint: 'f',
    code: 'c',
    version: 1,
    position: 1,
    history: 'a',
    state: 1,
  } as const
  await snapshots.save(snapshot)
  await snapshots.save({ ...snapshot, fingerprint: 'g' })
  await proofFiles.write('checkpoint', Buffer.from('1'))
  await proofFiles.remove('checkpoint')
  await proofFiles.saveKeys('key')
})

test('logs of one schema keep what is theirs apart', async () => {
  const [one, other] = [(await storages()).storage, (await storages()).storage]
  await one.leases.renew('process', { ms: 60_000 })
  await other.leases.renew('process', { ms: 60_000 })
  expect((await one.leases.take('mail', 'process'))?.token).toBe(1)
  expect((await other.leases.view()).leases).toEqual([])
  expect((await other.leases.take('mail', 'process'))?.token).toBe(1)
  await one.proofFiles.saveKeys('one')
  expect(await other.proofFiles.loadKeys()).toBeUndefined()
})

test('what another mode than run opens, it does not write', async () => {
  const storage = postgresStorage({ connectionString: server.connectionString, mode: 'inspect' })
  const store = await storage.store()
  onTestFinished(() => store.close())
  await expect(store.append({ events: [{ stream: 'a-1', type: 'A', data: {} }] })).rejects.toMatchObject({
    code: 'store_read_only',
  })
  await store.close()
  await expect(storage.consumers.load('mail')).rejects.toMatchObject({ code: 'store_closed' })
})

test('while the server is down, everything that is kept says io_failed, and works again afterwards', async () => {
  const own = await startPostgresServer()
  onTestFinished(() => own.remove())
  const { leases, consumers, store } = postgresStorage({ connectionString: own.connectionString, mode: 'run' })
  const log = await store()
  onTestFinished(() => log.close())
  await leases.renew('process', { ms: 60_000 })
  await own.stop()
  await expect(leases.renew('process', { ms: 60_000 })).rejects.toMatchObject({ code: 'io_failed' })
  await expect(consumers.load('mail')).rejects.toMatchObject({ code: 'io_failed' })
  await own.start()
  await expect.poll(() => leases.renew('process', { ms: 60_000 }).then(() => 'renewed', String)).toBe('renewed')
})
