// API keys on the command line: made in the log before a system runs, asked of a server while one runs, and shown to servers by all other commands.
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiKeys, serve } from '@indelible/server'
import { startSystem } from 'indelible'
import { fileStore } from 'indelible/file'
import { expect, onTestFinished, test } from 'vitest'
import { booking, systemWith } from '../../../test/sagas-domain.ts'
import { cli, ndjson, temporaryDirectory } from '../../../test/support.ts'
import { exitCodes } from '../../errors/index.ts'

const keyForm = /^ind_[A-Za-z0-9-]{16}_[A-Za-z0-9_-]{43}\n$/

async function served(data: string) {
  const running = startSystem(systemWith(booking), {
    store: await fileStore({ dir: join(data, 'log') }),
    access: { grants: [{ role: 'admin', may: 'everything' }] },
  })
  const server = await serve(running, { port: 0, closeTimeoutMs: 100, identities: [apiKeys()], onNotice: () => {} })
  const close = async () => {
    await server.close()
    await running.close()
  }
  onTestFinished(close)
  return { url: server.url, close }
}

test('the first key is made in the log, and opens the server to the command line', async () => {
  const data = temporaryDirectory()
  const made = await cli(['keys', 'create', 'admin', '--role', 'admin', '--data', data, '--actor', 'ann'])
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(keyForm) })
  expect(made.err).toMatch(/^This is key \S+ for admin, valid until it is revoked\. It is not shown again\.\n$/)
  const keyFile = join(data, 'admin.key')
  writeFileSync(keyFile, made.out)
  const { url } = await served(data)
  const commands = [
    ['keys', 'list'],
    ['projections', 'list'],
    ['sagas', 'list'],
    ['schedules', 'list'],
    ['audit'],
    ['schema', 'list'],
  ]
  for (const command of commands) {
    const refused = await cli([...command, '--url', url])
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('answered 401')
    expect(refused.err).toContain('--key-file FILE, or in INDELIBLE_KEY')
    expect(await cli([...command, '--url', url, '--key-file', keyFile])).toMatchObject({ code: 0, err: '' })
    expect(await cli([...command, '--url', url], { env: { INDELIBLE_KEY: made.out.trim() } })).toMatchObject({
      code: 0,
    })
  }
})

test('keys are created, listed and revoked, on a server and without one', async () => {
  const data = temporaryDirectory()
  const env = { INDELIBLE_KEY: (await cli(['keys', 'create', 'admin', '--role', 'admin', '--data', data])).out.trim() }
  const { url, close } = await served(data)
  const keys = (...argv: readonly string[]) => cli(['keys', ...argv, '--url', url], { env })
  const attributes = ['--attribute', 'shop=7', '--attribute', 'city=Ulm', '--attribute', 'city=Bonn']
  const made = await keys(
    'create',
    'shop-7',
    '--role',
    'shop',
    '--role',
    'till',
    ...attributes,
    '--expires-in',
    '90d',
    '--json',
  )
  const { keyId, key } = JSON.parse(made.out)
  expect(`${key}\n`).toMatch(keyForm)
  const [, listed] = ndjson((await keys('list', '--json')).out)
  expect(listed).toMatchObject({
    keyId,
    status: 'active',
    issuedBy: 'admin',
    principal: { actor: 'shop-7', roles: ['shop', 'till'], attributes: { shop: '7', city: ['Ulm', 'Bonn'] } },
  })
  expect((await keys('list')).out).toMatch(
    new RegExp(`^ {2}${keyId} +active +shop-7 +shop, till +\\S+ +admin +\\d{4}-\\S+ +-$`, 'm'),
  )
  // While a system runs, the log is its own.
  for (const argv of [
    ['create', 'x'],
    ['revoke', keyId, '--reason', 'x'],
  ]) {
    const refused = await cli(['keys', ...argv, '--data', data])
    expect(refused.err).toContain('A running system has this log. Ask it with --url')
  }
  expect(ndjson((await cli(['keys', 'list', '--json', '--data', data])).out)).toHaveLength(2)
  await close()
  const revoke = ['keys', 'revoke', keyId, '--reason', 'It was in a chat.', '--data', data]
  expect(await cli(revoke)).toMatchObject({ code: 0, out: `${keyId} is revoked.\n` })
  expect(await cli(revoke)).toMatchObject({ code: exitCodes.fault, err: expect.stringContaining('was revoked before') })
  expect((await cli(['keys', 'list', '--status', 'revoked', '--data', data])).out).toContain('It was in a chat.')
  expect(await cli(['keys', 'revoke', 'nope', '--reason', 'x', '--data', data])).toMatchObject({
    code: exitCodes.notFound,
  })
})

test.each([
  [['--attribute', 'shop'], /--attribute takes a name and a value/],
  [['--expires-in', 'soon'], /length of time/],
  [['--expires-in', '1d', '--expires-at', '2100-01-01'], /not both/],
  [['--expires-at', '2001-01-01'], /expired already/],
])('a key is not made with %j', async (argv, message) => {
  const { code, out, err } = await cli(['keys', 'create', 'x', '--data', temporaryDirectory(), ...argv])
  expect({ isRefused: code !== 0, out }).toEqual({ isRefused: true, out: '' })
  expect(err).toMatch(message)
})

test('a key is sent only where nobody else can read it, and never shown', async () => {
  const dir = temporaryDirectory()
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return ['--key-file', join(dir, name)]
  }
  const key = 'ind_hunter2hunter2xx_secret'
  const list = (url: string, ...argv: readonly string[]) => cli(['keys', 'list', '--url', url, ...argv])
  const wrong = [
    await list('http://bank.example', ...file('key', key)),
    await list('http://localhost.evil.example', ...file('key', key)),
    await list('http://127.0.0.1:1', ...file('two', `${key}\n${key}`)),
    await list('http://127.0.0.1:1', ...file('header', `${key}\r\nX-Actor: root`)),
    await list('http://127.0.0.1:1', '--key-file', join(dir, 'nope')),
    await cli(['keys', 'list', '--url', 'http://bank.example'], { env: { INDELIBLE_KEY: key } }),
    await cli(['keys', 'list', '--data', dir, ...file('key', key)]),
  ]
  for (const { code, err } of wrong) {
    expect(code).toBe(exitCodes.usage)
    expect(err).not.toContain('hunter2')
  }
  // It is sent there, and nobody answers.
  chmodSync(join(dir, 'key'), 0o600)
  const { err } = await list('http://127.0.0.1:1', ...file('key', key))
  expect(err).toContain('No answer from http://127.0.0.1:1')
  expect(err).not.toContain('hunter2')
})
