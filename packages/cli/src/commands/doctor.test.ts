import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ReadTables } from 'indelible'
import { writerOf } from 'indelible/file'
import { expect, test, vi } from 'vitest'
import { linuxMissing, skippedBecause } from '../../../../scripts/skips.ts'
import { append } from '../../test/append.ts'
import { cli, configFile, ndjson, startAppending, tablesConfigFile, temporaryDirectory } from '../../test/support.ts'
import { database } from '../doctor/database.ts'
import { withoutSecrets } from '../doctor/index.ts'
import { exitCodes } from '../errors/index.ts'

async function examined(...args: readonly string[]) {
  const { code, out, err } = await cli(['doctor', '--json', ...args])
  const findings = ndjson(out) as { check: string; status: string; message: string; advice?: string }[]
  return { code, err, findings, of: (check: string) => findings.find((each) => each.check === check) }
}

async function privateLog() {
  const dataDir = temporaryDirectory()
  chmodSync(dataDir, 0o750)
  await append(dataDir, [{ stream: 'account-1', type: 'AccountOpened', data: { owner: 'ann' } }])
  return dataDir
}

const contentOf = (dir: string) =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { size, mtimeMs } = statSync(join(dir, name))
    return [name, size, mtimeMs, readFileSync(join(dir, name), 'latin1')]
  })

test('a system that is well is found to be so, and nothing of it is changed', async () => {
  const dataDir = await privateLog()
  const before = contentOf(join(dataDir, 'log'))
  const { code, err, findings, of } = await examined('--data', dataDir, '--config', tablesConfigFile)
  expect(findings.filter(({ status }) => status === 'fail')).toEqual([])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(findings.map(({ check }) => check)).toEqual([
    ...['node', 'memory', 'descriptors', 'clock', 'config'],
    ...findings.filter(({ check }) => check === 'environment').map(({ check }) => check),
    ...['directory', 'space', 'file system', 'durable writes', 'lock', 'log', 'schemas', 'database', 'network'],
  ])
  expect(of('log')?.message).toMatch(/^1 event, the last at \d{4}-/)
  expect(of('durable writes')?.message).toMatch(/^50% within .+, 99% within .+: about [\d,]+ commands a second/)
  expect(contentOf(join(dataDir, 'log'))).toEqual(before)
  expect(readdirSync(dataDir).filter((name) => name.includes('doctor'))).toEqual([])
})

test('for a person it is a table, with what to do below', async () => {
  const dataDir = await privateLog()
  chmodSync(dataDir, 0o755)
  const { code, out } = await cli(['doctor', '--data', dataDir, '--config', tablesConfigFile])
  expect(code).toBe(0)
  expect(out).toMatch(/^ok {4}node {15}Node \d/m)
  expect(out).toContain(`→ chmod 750 ${dataDir}\n`)
})

test('a directory that others can read is a warning, keys that others can read are a failure', async () => {
  const dataDir = await privateLog()
  chmodSync(dataDir, 0o755)
  expect((await examined('--data', dataDir, '--config', tablesConfigFile)).of('directory')).toMatchObject({
    status: 'warn',
  })
  mkdirSync(join(dataDir, 'keys'))
  writeFileSync(join(dataDir, 'keys', 'tree.keys'), 'secret', { mode: 0o644 })
  const { code, err, of } = await examined('--data', dataDir, '--config', tablesConfigFile)
  expect(of('keys')).toMatchObject({ status: 'fail' })
  expect(code).toBe(exitCodes.fault)
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'doctor_failed', details: { failed: 1 } } })
})

test('without a config that loads, the machine and the directory are checked all the same', async () => {
  const dataDir = await privateLog()
  const broken = join(temporaryDirectory(), 'indelible.config.ts')
  writeFileSync(broken, 'throw new Error("this config is broken")')
  const { code, findings, of } = await examined('--data', dataDir, '--config', broken)
  expect(code).toBe(exitCodes.fault)
  expect(of('config')).toMatchObject({ status: 'fail', message: expect.stringContaining('this config is broken') })
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['node', 'clock', 'space', 'durable writes', 'lock']),
  )
})

test('a damaged log is found, and the checks after it are made', async () => {
  const dataDir = await privateLog()
  const [segment] = readdirSync(join(dataDir, 'log')).filter((name) => name.endsWith('.log'))
  truncateSync(join(dataDir, 'log', segment!), 10)
  const { code, of } = await examined('--data', dataDir, '--config', tablesConfigFile)
  expect(code).toBe(exitCodes.fault)
  expect(of('log')).toMatchObject({ status: 'fail', advice: expect.stringContaining('indelible verify') })
  expect(of('network')).toMatchObject({ status: 'ok' })
})

test.skipIf(linuxMissing)(`the process that writes the log is named${skippedBecause(linuxMissing)}`, async () => {
  const dataDir = await privateLog()
  const writer = startAppending(dataDir, { count: 100, pauseMs: 100 })
  await expect.poll(() => writerOf(join(dataDir, 'log')), { timeout: 20_000 }).toBe(writer.pid)
  expect((await examined('--data', dataDir, '--config', tablesConfigFile)).of('lock')?.message).toBe(
    `process ${writer.pid} writes the log`,
  )
})

test('a log that the code cannot read is told of', async () => {
  const dataDir = await privateLog()
  await append(dataDir, [{ stream: 'account-1', type: 'NeverDeclared', data: {} }])
  const { code, of } = await examined('--data', dataDir, '--config', tablesConfigFile)
  expect(code).toBe(exitCodes.fault)
  expect(of('schemas')).toMatchObject({ status: 'fail', advice: 'indelible schema check names them.' })
})

test('a server that others reach without identities and grants fails', async () => {
  const dataDir = await privateLog()
  const open = await examined('--data', dataDir, '--config', tablesConfigFile, '--host', '0.0.0.0')
  expect(open.of('network')).toMatchObject({
    status: 'fail',
    message: expect.stringMatching(/no identities.+ and no grants/),
  })
  const guarded = join(temporaryDirectory(), 'indelible.config.ts')
  writeFileSync(
    guarded,
    `import config from ${JSON.stringify(pathToFileURL(configFile).href)}
     export default { ...config, access: { grants: [{ role: 'operator', may: 'operate' }] } }
     export const server = { host: '0.0.0.0', identities: [{ kind: 'jwt', secret: 'hunter2', issuer: 'https://ann:hunter2@idp.example' }] }`,
  )
  const { findings, of } = await examined('--data', dataDir, '--config', guarded)
  expect(of('network')).toMatchObject({ status: 'ok' })
  expect(of('server')?.message).toContain('idp.example')
  expect(JSON.stringify(findings)).not.toContain('hunter2')
})

test('secrets are masked wherever they are', () => {
  const secret = 'hunter2'
  vi.stubEnv('PGPASSWORD', secret)
  const given = {
    password: secret,
    nested: [{ apiKey: secret, clientSecret: secret, accessToken: secret }],
    url: `postgres://ann:${secret}@db.example/bank`,
    key: Buffer.from(secret),
    pem: secret.repeat(100),
    verify: () => secret,
    port: 3000,
  }
  const shown = JSON.stringify(withoutSecrets(given))
  expect(shown).not.toContain(secret)
  expect(JSON.parse(shown)).toMatchObject({ port: 3000, url: 'postgres://ann:•••@db.example/bank', verify: 'function' })
  expect(withoutSecrets(process.env.PGPASSWORD, 'PGPASSWORD')).toBe('•••')
  vi.unstubAllEnvs()
})

test.each([
  [{ is_standby: true }, 'database rights', 'fail'],
  [{ may_create_tables: false, may_create_schemas: false }, 'database rights', 'fail'],
  [{ version: '12.1' }, 'database', 'warn'],
  [{ fsync: 'off' }, 'database settings', 'warn'],
  [{ encoding: 'LATIN1' }, 'database encoding', 'fail'],
])('a database with %j is told of', async (facts, check, status) => {
  const good = { version: '17.2', fsync: 'on', full_page_writes: 'on', encoding: 'UTF8', may_create_tables: true }
  const query = async () => [{ ...good, ...facts }]
  const tables = { query, close: async () => {} } as unknown as ReadTables
  const findings = await database(async () => tables, { dataDir: temporaryDirectory(), writer: undefined })
  expect(findings.find((each) => each.check === check)).toMatchObject({ status })
})
