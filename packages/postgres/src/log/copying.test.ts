import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import { fileCopySource, fileCopyTarget, fileStore } from 'indelible/file'
import { copyLog } from 'indelible/moving'
import { logCopiesContract } from 'indelible/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { draws } from '../../../../scripts/campaign.ts'
import { append, expectSame, expectSameCommands } from '../../../core/test/copies/drawn-log.ts'
import { postgresStorage } from '../storage.ts'
import { postgresCopySource, postgresCopyTarget } from './copying.ts'
import { postgresStore } from './event-store.ts'
import { installPostgresLog } from './install.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(async () => await server?.remove())

describe('copies in Postgres keep the contract', () => {
  let logs = 0

  test.each(logCopiesContract)('$name', async ({ run }) => {
    const { connectionString } = server
    const [log, copy] = [`log-${++logs}`, `copy-${logs}`]
    const store = await postgresStore({ connectionString, log })
    await run({
      store,
      openSource: () => postgresCopySource({ connectionString, log }),
      stopWriting: async () => {},
      openTarget: postgresCopyTarget({ connectionString, schema: 'copies', log: copy }),
      openCopy: () => postgresStore({ connectionString, schema: 'copies', log: copy }),
    }).finally(() => store.close())
  })
})

test('a log of files is moved to Postgres and back, while it is written in between, and is the same', async () => {
  const { connectionString } = server
  const home = mkdtempSync(join(tmpdir(), 'indelible-moving-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const draw = draws()
  const dir = join(home, 'log')
  const files = await fileStore({ dir })
  await append(files, 120, { draw, round: 'files' })
  await files.close()
  const there = { connectionString, schema: 'moved' }

  const source = await fileCopySource({ dir })
  const moved = await copyLog({ source, openTarget: postgresCopyTarget(there), switches: true })
  expect(moved).toMatchObject({ isSwitched: true, copied: moved.head })
  const store = await postgresStore(there)
  await expectSame(store, await opened(dir))
  await expectSameCommands(store, await opened(dir), commandIds('files'))
  await append(store, 80, { draw, round: 'postgres' })

  // Others write while it is moved back, and are told when it is.
  const back = await postgresCopySource(there)
  const writing = (async () => {
    for (let at = 0; ; at++) await append(store, 1, { draw, round: `late ${at}` })
  })()
  const refused = expect(writing).rejects.toMatchObject({ code: 'store_retired' })
  const returned = await copyLog({ source: back, openTarget: fileCopyTarget({ dir }), switches: true })
  await refused
  expect(returned.copied).toBe(returned.head - moved.head)
  const again = await fileStore({ dir })
  onTestFinished(() => again.close())
  await expectSame(again, store)
  await expectSameCommands(again, store, [...commandIds('files'), ...commandIds('postgres')])
  await append(again, 3, { draw, round: 'end' })
  await Promise.all([source.close(), back.close(), store.close()])
})

async function opened(dir: string) {
  const store = await fileStore({ dir, access: 'read' })
  onTestFinished(() => store.close())
  return store
}

function commandIds(round: string): readonly string[] {
  return Array.from({ length: 120 }, (_, at) => `${round}-${at}`)
}

test('a log that is closed for writing refuses appends, and takes them again where the move is taken back', async () => {
  const options = { connectionString: server.connectionString, log: 'closed' }
  const store = await postgresStore(options)
  const source = await postgresCopySource(options)
  const event = { stream: 'a-1', type: 'Happened', data: {} } as const
  await source.retire('019ab0de-ffff-7000-8000-000000000001')
  await expect(store.append({ events: [event] })).rejects.toMatchObject({ code: 'store_retired' })
  // It stays so, also where nobody appends.
  for (let looks = 0; looks < 3; looks++)
    expect(await store.health()).toMatchObject({ canWrite: false, error: { code: 'store_retired' } })
  const storage = (mode: 'run' | 'inspect') => postgresStorage({ ...options, mode })
  await expect(storage('run').store()).rejects.toMatchObject({ code: 'store_retired' })
  await (await storage('inspect').store()).close()
  await source.reopen()
  await (await storage('run').store()).close()
  expect(await store.append({ events: [event] })).toMatchObject({ status: 'written', firstPosition: 1 })
  expect(await store.health()).toMatchObject({ canWrite: true })
  await source.close()
  await store.close()
  await expect(postgresCopySource({ ...options, log: 'never' })).rejects.toMatchObject({ code: 'store_missing' })
})

test('a copy that is there under another name is named, and a name that no log can have is refused wherever it is given', async () => {
  const { connectionString } = server
  const store = await postgresStore({ connectionString, log: 'named' })
  const logId = (await store.historyAt(0))!
  await store.close()
  await expect(postgresCopyTarget({ connectionString, log: 'again' })(logId)).rejects.toMatchObject({
    code: 'copy_mismatch',
    message: expect.stringContaining('under the name "named"'),
  })
  const invalid = { code: 'invalid_declaration', message: expect.stringContaining('cannot be the name of a log') }
  for (const log of ['', 'a\0', '\ud800', 'x'.repeat(201)]) {
    const options = { connectionString, log }
    await expect(postgresStore(options)).rejects.toMatchObject(invalid)
    await expect(postgresCopySource(options)).rejects.toMatchObject(invalid)
    await expect(postgresCopyTarget(options)(logId)).rejects.toMatchObject(invalid)
    expect(() => postgresStorage({ ...options, mode: 'run' })).toThrow(expect.objectContaining(invalid))
  }
})

test('a role that may not copy is told which one may, from a log and to one', async () => {
  const { connectionString } = server
  const superuser = new pg.Client(connectionString)
  await superuser.connect()
  await superuser.query(`CREATE ROLE copier LOGIN PASSWORD 'copier'`)
  await superuser.end()
  await installPostgresLog({ connectionString, schema: 'owned', role: 'copier' })
  const own = { connectionString: connectionString.replace('postgres:postgres@', 'copier:copier@'), schema: 'owned' }
  const refused = {
    code: 'store_read_only',
    message: expect.stringContaining('Connect as the role that owns the schema'),
  }
  const store = await postgresStore(own)
  await store.append({ events: [{ stream: 'a-1', type: 'Happened', data: {} }] })
  await expect(postgresCopyTarget({ ...own, log: 'new' })((await store.historyAt(0))!)).rejects.toMatchObject(refused)
  const source = await postgresCopySource(own)
  await expect(Array.fromAsync(source.commits({ after: 0, to: 1 }))).rejects.toMatchObject(refused)
  await expect(source.retire('019ab0de-ffff-7000-8000-000000000001')).rejects.toMatchObject(refused)
  await expect(source.reopen()).rejects.toMatchObject(refused)
  await Promise.all([source.close(), store.close()])
})
