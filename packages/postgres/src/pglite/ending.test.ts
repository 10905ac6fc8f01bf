// Statements that never end, and other failures that PGlite does not survive: its thread is terminated, and the tables work again.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { newPgliteDirectory } from '../../../../scripts/pglite-directory.ts'
import { accountRows, accounts, at, endOf, runScript } from '../../test/samples.ts'
import { postgresTables } from '../server/index.ts'
import { type PgliteOptions, pgliteTables, pgliteTablesAt } from './pglite.ts'

// PGlite starts again several times here, which takes seconds each time.
vi.setConfig({ testTimeout: 300_000 })

/** It needs no memory and never ends. */
const endless = 'WITH RECURSIVE again AS (SELECT 1 AS one UNION ALL SELECT one FROM again) SELECT count(*) FROM again'
const statementMsMax = 4_000
const unavailable = { code: 'tables_unavailable', retryable: true }
const outOfTime = { ...unavailable, message: expect.stringMatching(/not answer within the time/) }
const change = { table: accounts, upserts: accountRows(3, 7), removals: [], from: 0, to: at(5) }

let root: string
let dirs = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'indelible-pglite-ending-'))
})
afterAll(async () => await rm(root, { recursive: true, force: true }))

/** Tables in a new directory, with rows in one of them. */
async function filled(options: PgliteOptions = {}) {
  const dir = await newPgliteDirectory(join(root, `${++dirs}`))
  const started = once(process, 'worker') as Promise<[Worker]>
  const tables = await pgliteTables({ dir, statementMsMax, ...options })
  const [worker] = await started
  await tables.open(accounts)
  await tables.save(change)
  return { dir, tables, worker }
}

test('a statement that never ends is terminated; statements behind it are served, and nothing is lost', async () => {
  const { tables } = await filled()
  const ended = expect(tables.query(endless)).rejects.toMatchObject(outOfTime)
  const rows = tables.select(accounts)
  await ended
  expect(await rows).toEqual(change.upserts)
  expect((await tables.open(accounts)).position).toBe(5)
  await tables.close()
})

test('the time of a statement does not include its wait for others', async () => {
  const { tables, worker } = await filled()
  let isEnded = false
  worker.once('exit', () => {
    isEnded = true
  })
  const clients = [tables]
  for (let more = 0; more < 3; more++) clients.push({ ...pgliteTablesAt(await tables.port()), port: tables.port })
  // Together they exceed the time limit of one.
  await Promise.all(clients.map((client) => client.query(`SELECT pg_sleep(${statementMsMax / 1_000 / 3})`)))
  expect(await tables.select(accounts)).toEqual(change.upserts)
  // Nor does a value end the statement when no parameter takes it.
  await expect(tables.query('SELECT $1::boolean', ['perhaps'])).rejects.toMatchObject({ code: '22P02' })
  await expect(tables.query('SELECT $1::bigint[]', [3])).rejects.toMatchObject({ code: '22P02' })
  expect((await tables.state(accounts)).position).toBe(5)
  expect(isEnded).toBe(false)
  await tables.close()
})

test('clients in other threads get an error, and their open transactions are not applied', async () => {
  const { tables } = await filled()
  const client = pgliteTablesAt(await tables.port())
  await expect(client.query(endless)).rejects.toMatchObject(unavailable)
  await expect(client.state(accounts)).rejects.toMatchObject(unavailable)
  expect((await pgliteTablesAt(await tables.port()).state(accounts)).position).toBe(5)
  await tables.close()
})

test('closing terminates a statement that never ends, and the process can exit', async () => {
  const dir = await newPgliteDirectory(join(root, 'closed'))
  const script = `import { pgliteTables } from '@indelible/postgres'
    const tables = await pgliteTables({ dir: ${JSON.stringify(dir)}, closeMsMax: 500 })
    const asked = tables.query(${JSON.stringify(endless)}).catch(({ code }) => console.log(code))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await tables.close()
    await asked
    console.log('closed')`
  expect(await endOf(runScript(script))).toEqual({ output: 'tables_unavailable\nclosed\n', code: 0 })
})

test('a directory that cannot be opened after a crash starts empty', async () => {
  const { dir, tables, worker } = await filled()
  await worker.terminate()
  await writeFile(join(dir, 'data', 'global', 'pg_control'), 'what a crash left')
  await expect(tables.open(accounts)).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringMatching(/attempts it starts empty/),
  })
  const opened = await vi.waitFor(async () => await tables.open(accounts), { timeout: 60_000, interval: 500 })
  expect(opened.position).toBe(0)
  expect(await tables.save(change)).toBe('saved')
  await tables.close()
})

test('a directory that was closed in order and cannot be opened is left unchanged', async () => {
  const { dir, tables } = await filled()
  await tables.close()
  await writeFile(join(dir, 'data', 'PG_VERSION'), '99\n')
  for (let start = 0; start < 4; start++) {
    await expect(pgliteTables({ dir })).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringMatching(/damaged, delete it/),
    })
  }
  await writeFile(join(dir, 'data', 'PG_VERSION'), '18\n')
  const again = await pgliteTables({ dir })
  expect((await again.state(accounts)).position).toBe(5)
  await again.close()
})

test('limits may be infinite, and an invalid duration is refused', async () => {
  const limits = { statementMsMax: Number.POSITIVE_INFINITY, closeMsMax: Number.POSITIVE_INFINITY }
  const { tables } = await filled(limits)
  const asked = tables.query("SELECT 'answered' AS said FROM pg_sleep(0.5)")
  // Closing refuses a statement that was not started.
  await new Promise((resolve) => setTimeout(resolve, 100))
  await tables.close()
  expect(await asked).toEqual([{ said: 'answered' }])
  for (const name of Object.keys(limits)) {
    await expect(pgliteTables({ [name]: -1 })).rejects.toMatchObject({ code: 'invalid_duration' })
  }
  const connectionString = 'postgres://nobody@127.0.0.1:1/nothing'
  await expect(postgresTables({ connectionString, closeMsMax: -1 })).rejects.toMatchObject({ code: 'invalid_duration' })
})
