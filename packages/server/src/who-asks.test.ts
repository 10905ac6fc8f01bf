import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { answerOf, jsonPost, openShop, raw, runningShop, servedShop } from '../test/shop.ts'
import { httpApi } from './index.ts'

const notItsName = { status: 403, body: { type: 'urn:indelible:error:host_not_allowed' } }
const crossSite = { status: 403, body: { type: 'urn:indelible:error:cross_site' } }

test.each([
  '127.0.0.1',
  '127.0.0.1:3000',
  'localhost',
  'LOCALHOST:80',
  'localhost.',
  'bank.localhost',
  '[::1]:3000',
  '[::ffff:7f00:1]',
  // A page whose address is a number comes from that machine, and not from a name that was pointed to it.
  '192.168.1.5:3000',
  '[2001:db8::5]',
])('a request for %s is answered', async (host) => {
  const { port } = await servedShop()
  expect(await raw(port, 'GET /health HTTP/1.1', `Host: ${host}`)).toMatchObject({ status: 200 })
})

test.each([
  'evil.example.com',
  'evil.example.com:3000',
  'EVIL.example.com.',
  'localhost.evil.example.com',
  'notlocalhost',
  '127.0.0.1.evil.example.com',
  'x',
])('a request for %s is refused, with what to do if it is intended', async (host) => {
  const { port, running } = await servedShop()
  const command = ['POST /commands/item/tea/TakeNote HTTP/1.1', `Host: ${host}`, `Origin: http://${host}`]
  const pause = ['POST /consumers/notes/pause HTTP/1.1', `Host: ${host}`, `Origin: http://${host}`]
  for (const lines of [
    ['GET /health HTTP/1.1', `Host: ${host}`],
    ['GET / HTTP/1.0', `Host: ${host}`],
    command,
    pause,
  ]) {
    const answer = await raw(port, ...lines)
    expect(answer).toMatchObject(notItsName)
    expect(answer.body.detail).toContain(`allowedHosts: ['${answer.body.host}']`)
  }
  expect((await running.projectionViews()).map(({ state }) => state)).not.toContain('paused')
})

test.each([
  ['no host', []],
  ['an empty host', ['Host: ']],
  ['two hosts', ['Host: localhost', 'Host: evil.example.com']],
  ['two hosts, the other way round', ['Host: evil.example.com', 'Host: localhost']],
  ['two hosts in one line', ['Host: localhost, evil.example.com']],
  ['a user in front', ['Host: localhost@evil.example.com']],
  ['a user behind', ['Host: evil.example.com@localhost']],
  ['a path', ['Host: localhost/.evil.example.com']],
  ['a fragment', ['Host: evil.example.com#.localhost']],
  ['a zone', ['Host: [fe80::1%25eth0]']],
  ['a port that is none', ['Host: localhost:99999']],
])('a request that names %s is malformed', async (_, lines) => {
  const { port } = await servedShop()
  for (const version of ['1.0', '1.1']) {
    expect(await raw(port, `GET /health HTTP/${version}`, ...lines)).toMatchObject({ status: 400 })
  }
})

test('an address in the request line counts like the header', async () => {
  const { port } = await servedShop()
  const asked = (url: string, host: string) => raw(port, `GET ${url} HTTP/1.1`, `Host: ${host}`)
  expect(await asked('http://localhost/health', 'localhost')).toMatchObject({ status: 200 })
  expect(await asked('http://evil.example.com/health', 'localhost')).toMatchObject(notItsName)
  expect(await asked('http://localhost@evil.example.com/health', 'localhost')).toMatchObject(notItsName)
  expect(await asked('http://localhost/health', 'evil.example.com')).toMatchObject(notItsName)
})

test('a server answers to its configured names', async () => {
  const { port } = await servedShop({ host: 'localhost', allowedHosts: ['Bank.Example', 'bücher.example'] })
  for (const host of ['bank.example', 'BANK.example:8443', 'bank.example.', 'xn--bcher-kva.example', 'localhost']) {
    expect(await raw(port, 'GET /health HTTP/1.1', `Host: ${host}`)).toMatchObject({ status: 200 })
  }
  for (const host of ['www.bank.example', 'example', 'ank.example']) {
    expect(await raw(port, 'GET /health HTTP/1.1', `Host: ${host}`)).toMatchObject(notItsName)
  }
})

test.each(['http://bank.example', 'bank.example:80', 'bank.example/api', '', 'a b', '*'])(
  'an allowed host that is not a host name is refused: %s',
  (name) => {
    expect(() => httpApi(runningShop(), { allowedHosts: [name] })).toThrow(/is not a host name/)
  },
)

test('an API that is mounted in another app makes the same checks', async () => {
  const running = runningShop()
  const app = new Hono().route('/api', httpApi(running, { allowedHosts: ['bank.example'] }))
  const get = async (url: string, init?: RequestInit) => answerOf(await app.request(url, init))
  expect(await get('https://bank.example/api/health')).toMatchObject({ status: 200 })
  for (const path of ['/health', '/nope', '/commands/item/tea/Nope']) {
    expect(await get(`https://evil.example.com/api${path}`)).toMatchObject(notItsName)
  }
  const from = (origin: string) =>
    get('https://bank.example/api/consumers/notes/pause', { method: 'POST', headers: { origin } })
  expect(await from('https://evil.example.com')).toMatchObject(crossSite)
  expect(await from('https://bank.example')).toMatchObject({ status: 200 })
})

const posts = [
  '/commands/item/tea/ReceiveStock',
  '/projections/notes/rebuild',
  '/projections/notes/verify',
  '/consumers/notes/pause',
  '/consumers/notes/resume',
  '/sagas/fulfilment/o1/resume',
  '/nope',
  '/health',
]
const ofOthers: readonly Record<string, string>[] = [
  { Origin: 'http://evil.example.com' },
  { Origin: 'https://localhost:8443' },
  { Origin: 'http://localhost:8080' },
  { Origin: 'http://localhost.evil.example.com' },
  { Origin: 'http://localhost, http://evil.example.com' },
  { Origin: 'localhost' },
  { Origin: '' },
  // From a sandboxed page, or one that hides its origin.
  { Origin: 'null' },
  { 'Sec-Fetch-Site': 'cross-site' },
  { 'Sec-Fetch-Site': 'same-site' },
  { 'Sec-Fetch-Site': 'same-origin, cross-site' },
  { 'Sec-Fetch-Site': 'same-origin', Origin: 'http://evil.example.com' },
]

test.each(ofOthers)('a page of another site may change nothing: %j', async (headers) => {
  const { get, running } = openShop()
  for (const path of posts) {
    // Pages may send these without a preflight (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
    expect(await get(path, { method: 'POST', headers })).toMatchObject(crossSite)
    expect(await get(path, { method: 'POST', headers, body: '{"quantity":1}' })).toMatchObject(crossSite)
    expect(await get(path, { method: 'DELETE', headers })).toMatchObject(crossSite)
  }
  expect((await running.store.head()).position).toBe(0)
  expect((await running.projectionViews()).map(({ state }) => state)).not.toContain('paused')
})

test.each<Record<string, string>>([
  {},
  { Origin: 'http://localhost' },
  { Origin: 'https://localhost:443', Host: 'localhost' },
  { 'Sec-Fetch-Site': 'same-origin', Origin: 'http://localhost' },
  { 'Sec-Fetch-Site': 'none' },
])('a page of its own and a program may: %j', async (headers) => {
  const { get, post } = openShop()
  expect(await post('/commands/item/tea/ReceiveStock', { quantity: 1 }, headers)).toMatchObject({ status: 200 })
  expect(await get('/consumers/notes/pause', { method: 'POST', headers })).toMatchObject({ status: 200 })
})

test('a page of another site gets no permission to read the answer', async () => {
  const { get } = openShop()
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    const { headers } = await get('/health', { method, headers: { Origin: 'http://evil.example.com' } })
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
  }
})

test('a page that was served by this server may send commands over a real connection', async () => {
  const { port } = await servedShop()
  const answer = await answerOf(
    await fetch(
      `http://127.0.0.1:${port}/commands/item/tea/ReceiveStock`,
      jsonPost({ quantity: 1 }, { Origin: `http://127.0.0.1:${port}` }),
    ),
  )
  expect(answer).toMatchObject({ status: 200 })
})
