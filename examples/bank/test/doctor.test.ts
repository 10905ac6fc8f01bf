// What the doctor says of the bank, with its read tables on a real Postgres server.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Writable } from 'node:stream'
import { run } from '@indelible/cli'
import { type PostgresServer, startPostgresServer } from '@indelible/postgres-server'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'

let server: PostgresServer
const dataDir = mkdtempSync(join(tmpdir(), 'indelible-doctor-'))
beforeAll(async () => {
  server = await startPostgresServer()
})
afterEach(() => vi.unstubAllEnvs())
afterAll(async () => {
  await server?.remove()
  rmSync(dataDir, { recursive: true })
})

async function examined(connectionString: string) {
  vi.stubEnv('INDELIBLE_DATABASE', connectionString)
  let text = ''
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  const config = resolve('examples/bank/indelible.config.ts')
  const argv = ['doctor', '--json', '--data', dataDir, '--config', config]
  const stderr = new Writable({ write: (_chunk, _encoding, done) => done() })
  const signal = new AbortController().signal
  const code = await run(argv, { stdout, stderr, cwd: '/', env: {}, signal })
  const findings = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  return { code, text, of: (check: string) => findings.find((each) => each.check === check) }
}

test('a server that answers, with a user who may make tables, is well', async () => {
  const { code, of } = await examined(server.connectionString)
  expect(of('database')).toMatchObject({ status: 'ok', message: expect.stringMatching(/^Postgres \d+/) })
  expect(of('database rights')).toMatchObject({ status: 'ok' })
  expect(of('database encoding')).toBeUndefined()
  expect(code).toBe(0)
})

test('a user who may make nothing is told of, and its password is not', async () => {
  const client = new pg.Client({ connectionString: server.connectionString })
  await client.connect()
  await client.query("CREATE ROLE reader LOGIN PASSWORD 'hunter2'")
  await client.end()
  const url = new URL(server.connectionString)
  url.username = 'reader'
  url.password = 'hunter2'
  const { code, text, of } = await examined(url.href)
  expect(of('database rights')).toMatchObject({ status: 'fail', advice: expect.stringMatching(/^GRANT CREATE/) })
  expect(of('environment').message).toContain('reader:•••@')
  expect(text).not.toContain('hunter2')
  expect(code).toBe(1)
})

test('a server that does not answer is told of, and the network is checked all the same', async () => {
  const { code, of } = await examined('postgres://nobody@127.0.0.1:1/none')
  expect(of('database')).toMatchObject({ status: 'fail', message: expect.stringContaining('ECONNREFUSED') })
  expect(of('network')).toMatchObject({ status: 'ok' })
  expect(code).toBe(1)
})
