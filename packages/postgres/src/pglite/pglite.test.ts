import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MessagePort, Worker } from 'node:worker_threads'
import { bigint } from 'indelible'
import { stagingTable } from 'indelible/adapter'
import { readTablesContract } from 'indelible/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newPgliteDirectory } from '../../../../scripts/pglite-directory.ts'
import { freshTables } from '../../test/contract-tables.ts'
import { accountRows, accounts, at, endOf, runScript } from '../../test/samples.ts'
import type { SqlDatabase } from '../database/index.ts'
import { type PgliteTables, pgliteDatabase, pgliteTables, pgliteTablesAt } from './pglite.ts'

describe('PGlite in memory keeps the contract of read tables', () => {
  let database: SqlDatabase
  let fresh: ReturnType<typeof freshTables>
  let worker: Worker
  beforeAll(async () => {
    process.once('worker', (thread) => {
      worker = thread
    })
    database = await pgliteDatabase()
    fresh = freshTables(database)
  })
  afterAll(async () => await database?.close())

  test.each(readTablesContract)('$name', async ({ run }) => {
    const tables = fresh()
    await run(tables).finally(() => tables.close())
  })

  test('data in memory is lost with its thread, the error says so, and PGlite starts empty', async () => {
    const tables = fresh()
    await tables.open(accounts)
    await tables.save({ table: accounts, upserts: accountRows(3, 7), removals: [], from: 0, to: at(5) })
    const asked = tables.query('SELECT pg_sleep(60)')
    setTimeout(() => worker.terminate(), 50)
    await expect(asked).rejects.toMatchObject({
      code: 'tables_unavailable',
      retryable: true,
      message: expect.stringMatching(/in memory and are lost.*built again from the log/),
    })
    await expect(tables.state(accounts)).rejects.toMatchObject({ code: 'tables_unavailable' })
    expect((await tables.open(accounts)).position).toBe(0)
    expect(await tables.select(accounts)).toEqual([])
  })
})

describe('PGlite for several threads', () => {
  let tables: PgliteTables
  beforeAll(async () => {
    tables = await pgliteTables({ dir: await newPgliteDirectory() })
  })
  afterAll(async () => await tables?.close())
  const other = (saves: number, port: MessagePort) =>
    new Worker(new URL('../../test/other-thread.ts', import.meta.url), {
      workerData: { port, saves },
      transferList: [port],
      execArgv: ['--conditions=@indelible/source', '--disable-warning=ExperimentalWarning'],
    })

  test('each thread writes its tables, and transactions of one wait for those of the other', async () => {
    await tables.open(accounts)
    const thread = other(50, await tables.port())
    for (let from = 0; from < 50; from++) {
      const upserts = accountRows(100, from + 1)
      expect(await tables.save({ table: accounts, upserts, removals: [], from, to: at(from + 1) })).toBe('saved')
      await tables.scan(accounts, (rows) => expect(rows.every(({ balance }) => balance === from + 1)).toBe(true))
    }
    thread.postMessage('stop')
    await once(thread, 'message')
    let isAnswered = false
    const waiting = tables.state({ ...accounts, name: 'of_other_thread' }).finally(() => {
      isAnswered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(isAnswered).toBe(false)
    await thread.terminate()
    expect((await waiting).position).toBe(50)
    expect(await tables.open(stagingTable(accounts))).toMatchObject({ position: 0 })
  })

  test('of several clients that write from the same checkpoint, exactly one succeeds', async () => {
    const clients = [tables, pgliteTablesAt(await tables.port()), pgliteTablesAt(await tables.port())]
    const table = { ...accounts, name: 'contested' }
    await Promise.all(clients.map((client) => client.open(table)))
    for (let from = 0; from < 20; from++) {
      const outcomes = await Promise.all(
        clients.map((client) =>
          client.save({ table, upserts: accountRows(10, from + 1), removals: [], from, to: at(from + 1) }),
        ),
      )
      expect(outcomes.toSorted()).toEqual(['saved', 'superseded', 'superseded'])
    }
    await clients[1]!.close()
    await expect(clients[1]!.state(table)).rejects.toMatchObject({ code: 'tables_unavailable' })
    expect((await clients[2]!.state(table)).position).toBe(20)
    await clients[2]!.close()
  })

  test('closing it fails the calls of all clients', async () => {
    const own = await pgliteTables({ dir: await newPgliteDirectory() })
    const client = pgliteTablesAt(await own.port())
    await client.open(accounts)
    await own.close()
    await expect(client.open(accounts)).rejects.toMatchObject({ code: 'tables_unavailable' })
    await expect(own.port()).rejects.toMatchObject({ code: 'tables_unavailable' })
    await client.close()
  })
})

describe('PGlite in a directory', () => {
  let dir: string
  let worker: Worker
  const change = { table: accounts, upserts: accountRows(3, 7), removals: [], from: 0, to: at(5) }
  const open = async (path = dir) => {
    process.once('worker', (thread) => {
      worker = thread
    })
    return await pgliteTables({ dir: path })
  }
  beforeAll(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'indelible-pglite-')), 'deeper', 'tables')
  })
  afterAll(async () => await rm(join(dir, '../..'), { recursive: true, force: true }))

  test('rows and checkpoint are still there after closing and reopening', async () => {
    const first = await open()
    await first.open(accounts)
    await first.save(change)
    await first.close()
    const second = await open()
    expect((await second.open(accounts)).position).toBe(5)
    expect(await second.select(accounts)).toEqual(change.upserts)
    await second.close()
  })

  test('only one can have it open at a time, in this process or another', async () => {
    const tables = await open()
    await expect(open()).rejects.toMatchObject({
      code: 'tables_unavailable',
      message: expect.stringMatching(/open already/),
    })
    const script = `import { pgliteTables } from '@indelible/postgres'
      await pgliteTables({ dir: ${JSON.stringify(dir)} }).catch(({ code, message }) => console.log(code, message))`
    expect((await endOf(runScript(script))).output).toMatch(/^tables_unavailable .*open already/)
    expect((await tables.state(accounts)).position).toBe(5)
    await tables.close()
  })

  test('a thread that dies fails the calls in progress, and the next call opens the directory again', async () => {
    const tables = await open()
    const died = expect(
      Promise.all([tables.query('SELECT pg_sleep(60)'), tables.state(accounts)]),
    ).rejects.toMatchObject({ code: 'tables_unavailable', retryable: true })
    setTimeout(() => worker.terminate(), 50)
    await died
    expect(await tables.select(accounts)).toEqual(change.upserts)
    await tables.close()
  })

  test('a killed process leaves rows and checkpoint consistent, and the directory free', async () => {
    const script = `import { pgliteTables } from '@indelible/postgres'
      import { accountRows, accounts, at } from './test/samples.ts'
      const tables = await pgliteTables({ dir: ${JSON.stringify(dir)} })
      for (let { position: from } = await tables.open(accounts); ; from++) {
        await tables.save({ table: accounts, upserts: accountRows(200, from + 1), removals: [], from, to: at(from + 1) })
        console.log(from + 1)
      }`
    const child = runScript(script)
    await once(child.stdout!, 'data')
    await new Promise((resolve) => setTimeout(resolve, 100))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const tables = await open()
    const { position: checkpoint } = await tables.state(accounts)
    expect(checkpoint).toBeGreaterThan(5)
    const balances = (await tables.select(accounts, { limit: 1_000 })).map(({ balance }) => balance)
    expect(balances).toEqual(Array(200).fill(checkpoint))
    await tables.close()
  })

  test('tables that were open when the machine stopped are not used again and start empty', async () => {
    const tables = await open()
    expect((await tables.open(accounts)).position).toBeGreaterThan(5)
    await worker.terminate()
    await writeFile(join(dir, 'indelible.boot'), 'an earlier start of the machine')
    expect((await tables.open(accounts)).position).toBe(0)
    await tables.close()
    await expect(readFile(join(dir, 'indelible.boot'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('a directory that cannot be opened gives an error with the reason', async () => {
    const file = join(dir, '../a-file')
    await writeFile(file, '')
    await expect(open(file)).rejects.toMatchObject({
      code: 'tables_unavailable',
      message: expect.stringMatching(/a-file.*EEXIST/),
    })
    const damaged = join(dir, '../damaged')
    await mkdir(join(damaged, 'data'), { recursive: true })
    await writeFile(join(damaged, 'data', 'PG_VERSION'), '18\n')
    await expect(open(damaged)).rejects.toMatchObject({
      code: 'tables_unavailable',
      message: expect.stringMatching(/damaged, delete it/),
    })
  })

  test('rows that change often do not make their table or the write-ahead log grow without limit', async () => {
    const tables = await open()
    const table = { ...accounts, name: 'indexed', columns: { ...accounts.columns, balance: bigint().index() } }
    await tables.open(table)
    const pages = async () =>
      (await tables.query<{ pages: number }>(`SELECT pg_relation_size('indexed') / 8192 AS pages`))[0]!.pages
    const lastCheckpoint = () => tables.query('SELECT redo_lsn FROM pg_control_checkpoint()')
    const saveMany = async () => {
      for (let { position: from } = await tables.state(table), to = from + 500; from < to; from++) {
        await tables.save({ table, upserts: accountRows(10, from), removals: [], from, to: at(from + 1) })
      }
    }
    await saveMany()
    const before = await pages()
    const beforeThat = await lastCheckpoint()
    for (let turn = 0; turn < 2_000; turn++) await tables.state(table)
    expect(await lastCheckpoint()).not.toEqual(beforeThat)
    await saveMany()
    expect(await pages()).toBe(before)
    await tables.close()
  })

  test.each(['await tables.close()', '// left open'])('a process exits by itself: %s', async (end) => {
    const script = `import { pgliteTables } from '@indelible/postgres'
      const tables = await pgliteTables({ dir: ${JSON.stringify(dir)} })
      console.log(await tables.query('SELECT 1 AS one'))
      ${end}`
    expect(await endOf(runScript(script))).toEqual({ output: '[ { one: 1 } ]\n', code: 0 })
  })
})
