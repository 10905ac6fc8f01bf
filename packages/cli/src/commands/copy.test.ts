// `indelible copy`: between directories and a Postgres server, with what consumers keep and the keys.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startPostgresServer } from '@indelible/postgres-server'
import { isIndelibleError } from 'indelible'
import { fileStorage, fileStore } from 'indelible/file'
import { expect, onTestFinished, test } from 'vitest'
import { append, appendHistory } from '../../test/append.ts'
import { bin, cli, ended, ndjson, start, startAppending, temporaryDirectory } from '../../test/support.ts'

const record = {
  name: 'mail',
  checkpoint: { position: 4, history: 'h' },
  isPaused: true,
  parked: [],
  updatedAt: '2026-11-28T00:00:00.000Z',
} as const

/** A directory with a log, a consumer and keys. */
async function used() {
  const dataDir = temporaryDirectory()
  await appendHistory(dataDir)
  const { consumers, proofFiles } = fileStorage({ dataDir, mode: 'run' })
  await consumers.save({ ...record, revision: 3, token: 9 })
  await proofFiles.saveKeys('PRIVATE+KEY+bank\n')
  return { dataDir, place: (name: string) => join(dataDir, '..', `${name}-${process.pid}-${Math.random()}`) }
}

test('a log is copied, brought up to date, and moved with what consumers keep and the keys', async () => {
  const { dataDir } = await used()
  const to = join(temporaryDirectory(), 'moved')
  const first = await cli(['copy', '--from', dataDir, '--to', to])
  expect(first).toMatchObject({ code: 0, err: '' })
  expect(first.out).toMatch(
    /^The copy is complete up to position 6, and the same as the log\. It can only be read until it is switched/,
  )
  expect(first.out).toContain('\n  6 events copied in ')
  expect((await cli(['read', '--data', to, '--json'])).out).toBe((await cli(['read', '--data', dataDir, '--json'])).out)
  const writing = await fileStore({ dir: join(to, 'log') }).catch((error) => error)
  expect(isIndelibleError(writing, 'store_unfinished')).toBe(true)
  await append(dataDir, [{ stream: 'account-1', type: 'FundsDeposited', data: { amount: 1 } }])
  const [again] = ndjson((await cli(['copy', '--from', dataDir, '--to', to, '--json'])).out)
  expect(again).toMatchObject({ head: 7, copied: 1, isSwitched: false, root: expect.stringMatching(/^[\w+/]{43}=$/) })

  const [moved] = ndjson((await cli(['copy', '--from', dataDir, '--to', to, '--switch', '--json'])).out)
  expect(moved).toMatchObject({
    head: 7,
    copied: 0,
    root: again!.root,
    isSwitched: true,
    consumers: ['mail'],
    keys: 'moved',
  })
  const { consumers } = fileStorage({ dataDir: to, mode: 'run' })
  expect(await consumers.load('mail')).toEqual(record)
  const keys = join(to, 'keys', 'tree.keys')
  expect(readFileSync(keys, 'utf8')).toBe('PRIVATE+KEY+bank\n')
  expect(statSync(keys).mode & 0o777).toBe(0o600)
  await append(to, [{ stream: 'account-1', type: 'FundsDeposited', data: { amount: 2 } }])
  const refused = await fileStore({ dir: join(dataDir, 'log') }).catch((error) => error)
  expect(isIndelibleError(refused, 'store_retired')).toBe(true)
  expect((await cli(['verify', '--data', to])).out).toContain('8 events in 8 commits')
  const back = await cli(['copy', '--from', dataDir, '--to', to])
  expect(back).toMatchObject({ code: 2, err: expect.stringContaining('no unfinished copy') })
})

test('--switch waits for the process that writes, and --no-keys leaves the keys', async () => {
  const { dataDir } = await used()
  const to = join(temporaryDirectory(), 'moved')
  const written = ended(startAppending(dataDir, { count: 80, pauseMs: 10 }))
  while (!existsSync(join(dataDir, 'log', 'writer.pid'))) await pause(5)
  const copier = start([bin, 'copy', '--from', dataDir, '--to', to, '--switch', '--no-keys', '--json'])
  const { code, out, err } = await ended(copier)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(await written).toMatchObject({ code: 0 })
  expect(ndjson(out)).toMatchObject([{ isSwitched: true, head: 86, keys: 'left' }])
  expect(existsSync(join(to, 'keys'))).toBe(false)
})

test('what cannot be copied is said, and nothing is changed', async () => {
  const { dataDir } = await used()
  const other = temporaryDirectory()
  await appendHistory(other)
  const files = join(temporaryDirectory(), 'files')
  mkdirSync(join(files, 'log'), { recursive: true })
  writeFileSync(join(files, 'log', 'notes.txt'), '')
  const refused = async (...args: string[]) => {
    const { code, out, err } = await cli(['copy', ...args])
    expect(out).toBe('')
    return `${code} ${err}`
  }
  expect(await refused('--from', dataDir, '--to', other)).toMatch(/^2 error: In .* is a log that is no unfinished copy/)
  expect(await refused('--from', dataDir, '--to', files)).toMatch(/^2 error: .* has other files/)
  expect(await refused('--from', dataDir, '--to', dataDir)).toMatch(/^2 error: --from and --to are the same place/)
  expect(await refused('--from', dataDir, '--to', 'mysql://localhost/x')).toMatch(/^2 error: .*neither a directory nor/)
  expect(await refused('--from', join(files, 'nope'), '--to', join(files, 'x'))).toMatch(/^3 error: There is no log/)
  expect(await refused('--from', dataDir)).toMatch(/^2 error: .*--to/)
})

test('a log is moved to a Postgres server and back', async () => {
  const server = await startPostgresServer()
  onTestFinished(() => server.remove())
  const { dataDir } = await used()
  const url = server.connectionString
  const moved = await cli(['copy', '--from', dataDir, '--to', url, '--log', 'bank', '--switch'])
  expect(moved).toMatchObject({ code: 0, err: '' })
  expect(moved.out).toMatch(/^The log was moved\./)
  expect(moved.out).toContain('(log "bank" of the schema "indelible")')
  expect(moved.out).toContain('1 consumer moved')
  expect(moved.out).not.toContain(new URL(url).password === '' ? '\0' : `:${new URL(url).password}@`)
  const [back] = ndjson(
    (await cli(['copy', '--from', url, '--log', 'bank', '--to', dataDir, '--switch', '--json'])).out,
  )
  expect(back).toMatchObject({ head: 6, copied: 0, isSwitched: true, consumers: ['mail'], keys: 'there' })
  await append(dataDir, [{ stream: 'account-1', type: 'FundsDeposited', data: { amount: 2 } }])
  const missing = await cli(['copy', '--from', url, '--log', 'nope', '--to', join(dataDir, 'x')])
  expect(missing).toMatchObject({ code: 3, err: expect.stringContaining('has no log "nope"') })
})

test('a copy whose log is lost can be made a log of its own', async () => {
  const { dataDir } = await used()
  const to = join(temporaryDirectory(), 'kept')
  await cli(['copy', '--from', dataDir, '--to', to])
  expect(await cli(['copy', '--to', to])).toMatchObject({ code: 2, err: expect.stringContaining('--detach') })
  expect(await cli(['copy', '--from', dataDir, '--to', to, '--detach'])).toMatchObject({ code: 2 })
  expect(ndjson((await cli(['copy', '--to', to, '--detach', '--json'])).out)).toEqual([{ head: 6, isDetached: true }])
  await append(to, [{ stream: 'account-1', type: 'FundsDeposited', data: { amount: 2 } }])
  expect(await cli(['copy', '--to', to, '--detach'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('no unfinished copy'),
  })
})
