// TLS over real sockets: who gets in with which certificate, and certificates that are replaced while the server runs.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Authority, authority, type Issued } from '../../test/authorities.ts'
import { bearer, lastActor, servedGuarded } from '../../test/guarded.ts'
import { runningShop } from '../../test/shop.ts'
import { namesIn } from '../identities/certificate.ts'
import { apiKeys, type MutualTlsOptions, mutualTls, type ServeOptions, serve } from '../index.ts'

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'indelible-tls-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  return dir
}

/** Files with a certificate of the authority for the server. */
async function files(root: Authority) {
  const dir = directory()
  const paths = { certFile: join(dir, 'cert.pem'), keyFile: join(dir, 'key.pem'), caFile: join(dir, 'ca.pem') }
  const write = ({ cert, key }: Issued) => {
    writeFileSync(paths.keyFile, key)
    writeFileSync(paths.certFile, cert)
  }
  write(await root.issue({ subject: 'CN=server' }))
  writeFileSync(paths.caFile, root.cert)
  return { dir, paths, write }
}

async function served(root: Authority, options: ServeOptions = {}, requestCert = false) {
  const { paths, write } = await files(root)
  const shop = await servedGuarded({
    identities: [apiKeys()],
    ...options,
    tls: { ...paths, requestCert, ...(options.tls as object) },
  })
  const get = (path: string, client: ConnectionOptions & { headers?: Record<string, string>; method?: string } = {}) =>
    answer(shop.port, path, { ca: root.cert, ...client })
  return { ...shop, paths, write, get }
}

async function answer(port: number, path: string, options: object): Promise<{ status: number; body: string }> {
  const sent = request({ host: '127.0.0.1', port, path, agent: false, ...options })
  sent.end()
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, body: await text(response) }
}

async function connected(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ...options })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

const byName: MutualTlsOptions = {
  principal: { actor: 'subject.CN', roles: 'subject.OU', attributes: { uri: 'san.uri' } },
}

test('the server speaks TLS 1.3 and nothing older, unless it is told to', async () => {
  const root = await authority('root')
  const { server, port, get, running } = await served(root)
  expect(server.url).toMatch(/^https:/)
  const { key } = await running.keys.issue({ principal: { actor: 'ann' } })
  expect(await get('/health', { headers: bearer(key) })).toMatchObject({ status: 200 })
  expect((await connected(port, { ca: root.cert })).getProtocol()).toBe('TLSv1.3')
  for (const maxVersion of ['TLSv1.1', 'TLSv1.2'] as const)
    await expect(connected(port, { ca: root.cert, maxVersion, minVersion: 'TLSv1' })).rejects.toThrow(/protocol|alert/i)
  const older = await served(root, { tls: { minVersion: 'TLSv1.2' } as never })
  expect((await connected(older.port, { ca: root.cert, maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2')
})

test('a certificate of the authority stands for its subject, and one without may show a key', async () => {
  const root = await authority('root')
  const { get, running, reasons } = await served(root, { identities: [mutualTls(byName), apiKeys()] }, true)
  const client = await root.issue({ subject: 'CN=billing, OU=system', uris: ['spiffe://bank/billing'] })
  const rebuild = await get('/consumers/notes/pause', { ...client, method: 'POST' })
  expect(rebuild).toMatchObject({ status: 200 })
  const [paused] = (await Array.fromAsync(running.store.read([{ types: ['$ConsumerPaused'] }])))[0]!.events
  expect(paused!.metadata.actor).toBe('billing')
  expect(await get('/health')).toMatchObject({ status: 401 })
  expect(reasons()).toEqual([expect.stringContaining('No identity')])
  const { key } = await running.keys.issue({ principal: { actor: 'ann' } })
  expect(await get('/health', { headers: bearer(key) })).toMatchObject({ status: 200 })
  expect(await lastActor(running)).toBeUndefined()
})

test('a certificate of another authority, an expired one and one of nobody are refused, also beside a key', async () => {
  const [root, other] = [await authority('root'), await authority('root')]
  const { get, running, reasons } = await served(root, { identities: [mutualTls(byName), apiKeys()] }, true)
  const { key } = await running.keys.issue({ principal: { actor: 'ann' } })
  const foreign = await other.issue({ subject: 'CN=billing' })
  const expired = await root.issue({ subject: 'CN=billing', notAfter: new Date(Date.now() - 60_000) })
  for (const client of [foreign, expired]) {
    expect(await get('/health', client)).toMatchObject({ status: 401 })
    expect(await get('/health', { ...client, headers: bearer(key) })).toMatchObject({ status: 401 })
  }
  expect(reasons().slice(0, 2)).toEqual([
    expect.stringContaining('not trusted'),
    expect.stringContaining('not trusted'),
  ])
  expect(reasons()[2]).toContain('CERT_HAS_EXPIRED')
  const nobody = await root.issue({ subject: 'O=Bank' })
  expect(await get('/health', nobody)).toMatchObject({ status: 401 })
  expect(reasons().at(-1)).toContain('which is to be the actor')
})

test('an open connection does not outlive its certificate', async () => {
  const root = await authority('root')
  const { port, reasons } = await served(root, { identities: [mutualTls(byName)] }, true)
  const client = await root.issue({ subject: 'CN=billing', notAfter: new Date(Date.now() + 60_000) })
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: root.cert, ...client })
  onTestFinished(() => agent.destroy())
  const connections = new Set<unknown>()
  agent.on('free', (socket) => connections.add(socket))
  expect(await answer(port, '/health', { agent })).toMatchObject({ status: 200 })
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  vi.setSystemTime(Date.now() + 61_000)
  expect(await answer(port, '/health', { agent })).toMatchObject({ status: 401 })
  expect(connections.size).toBe(1)
  expect(reasons()).toEqual([expect.stringContaining('CERT_HAS_EXPIRED')])
})

test('a list of rules says which certificates stand for whom', async () => {
  const root = await authority('root')
  const principal = [
    { where: { 'san.uri': 'spiffe://bank/orders' }, principal: { actor: 'orders', roles: ['system'] } },
    { where: { 'subject.CN': 'billing', 'subject.O': 'Bank' }, principal: { actor: 'billing' } },
  ]
  const { get } = await served(root, { identities: [mutualTls({ principal })] }, true)
  const status = async (subject: string, uris: readonly string[] = []) =>
    (await get('/health', await root.issue({ subject, uris }))).status
  expect(await status('CN=x', ['spiffe://bank/other', 'spiffe://bank/orders'])).toBe(200)
  expect(await status('CN=billing, O=Bank')).toBe(200)
  expect(await status('CN=billing, O=Other')).toBe(401)
  expect(await status('CN=x', ['spiffe://bank/orders/', 'spiffe://bank/orders, URI:spiffe://bank/orders'])).toBe(401)
})

test('a name with commas in a certificate is one name', () => {
  expect(namesIn('DNS:a.example, URI:"spiffe://bank/a, URI:spiffe://bank/root", IP Address:127.0.0.1')).toEqual({
    dns: ['a.example'],
    uri: ['spiffe://bank/a, URI:spiffe://bank/root'],
    email: [],
    ip: ['127.0.0.1'],
  })
  expect(namesIn('')).toEqual({ dns: [], uri: [], email: [], ip: [] })
  for (const odd of ['nonsense', 'URI:"open', 'URI:a,b', 'DNS:a", URI:b']) expect(namesIn(odd)).toBeUndefined()
})

test('where certificates are asked for no session is resumed, because nobody would check the certificate again', async () => {
  const root = await authority('root')
  const { port } = await served(root, { identities: [mutualTls(byName)] }, true)
  const client = { ...(await root.issue({ subject: 'CN=billing' })), ca: root.cert }
  const first = await connected(port, client)
  let session: Buffer | undefined
  first.on('session', (given) => {
    session = given
  })
  first.write('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  await once(first.resume(), 'close')
  const again = await connected(port, session ? { ...client, session } : client)
  expect(again.isSessionReused()).toBe(false)
})

test('a certificate is replaced under load, and a broken one is not taken', async () => {
  const root = await authority('root')
  const { port, get, write, paths, running, server, notices } = await served(root)
  const { key } = await running.keys.issue({ principal: { actor: 'ann' } })
  const serialNow = async () => (await connected(port, { ca: root.cert })).getPeerCertificate().serialNumber
  const [before, next] = [await serialNow(), await root.issue({ subject: 'CN=server' })]
  let isLoading = true
  const loading = Promise.all(
    Array.from({ length: 4 }, async () => {
      const statuses: number[] = []
      while (isLoading) statuses.push((await get('/health', { headers: bearer(key) })).status)
      return statuses
    }),
  )
  // Nobody tells the server.
  write(next)
  await expect.poll(serialNow, { timeout: 10_000 }).not.toBe(before)
  const now = await serialNow()
  const foreign = await root.issue({ subject: 'CN=server' })
  const broken: [string, string][] = [
    [paths.keyFile, foreign.key],
    [paths.keyFile, 'no key'],
    [paths.certFile, ''],
    [paths.certFile, foreign.cert],
    [paths.caFile, 'no authority'],
  ]
  for (const [file, content] of broken) {
    write(next)
    writeFileSync(file, content)
    expect(() => server.reloadCertificate()).toThrow(expect.objectContaining({ code: 'config_invalid' }))
    expect(await serialNow()).toBe(now)
  }
  await expect.poll(() => notices().map(({ kind }) => kind), { timeout: 10_000 }).toContain('certificate kept')
  rmSync(paths.keyFile)
  expect(() => server.reloadCertificate()).toThrow(/"keyFile" cannot be read/)
  writeFileSync(paths.caFile, root.cert)
  write(foreign)
  server.reloadCertificate()
  expect(await serialNow()).not.toBe(now)
  isLoading = false
  const statuses = (await loading).flat()
  expect(statuses.length).toBeGreaterThan(10)
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(JSON.stringify(notices())).not.toContain('PRIVATE KEY')
})

test('the limit of connections counts those with TLS once, and silent ones give way', async () => {
  const root = await authority('root')
  const { port, get, running } = await served(root, { connectionsMax: 3 })
  const { key } = await running.keys.issue({ principal: { actor: 'ann' } })
  const silent: TLSSocket[] = []
  for (let count = 0; count < 3; count++) silent.push(await connected(port, { ca: root.cert }))
  expect(silent.filter((socket) => !socket.destroyed)).toHaveLength(3)
  for (let count = 0; count < 5; count++)
    expect(await get('/health', { headers: bearer(key) })).toMatchObject({ status: 200 })
  await expect.poll(() => silent.filter((socket) => socket.readyState === 'open').length).toBeLessThan(3)
})

test('what cannot work is refused before the server listens', async () => {
  const root = await authority('root')
  const { paths } = await files(root)
  const { caFile: _, ...withoutCa } = paths
  const refusedWith = (options: ServeOptions) => expect(serve(runningShop(), { port: 0, ...options })).rejects
  const wrong: ServeOptions[] = [
    { tls: { ...paths, certFile: '/nope.pem' } },
    { tls: { ...paths, keyFile: paths.certFile } },
    { tls: { ...withoutCa, requestCert: true } },
    { identities: [mutualTls(byName)] },
    { identities: [mutualTls(byName)], tls: paths },
  ]
  for (const options of wrong) await refusedWith(options).toMatchObject({ code: 'config_invalid' })
  for (const principal of [
    {},
    [{ where: {}, principal: { actor: 'x' } }],
    [{ where: { 'subject.CN': 'x' }, principal: {} }],
  ])
    expect(() => mutualTls({ principal: principal as never })).toThrow(
      expect.objectContaining({ code: 'config_invalid' }),
    )
})
