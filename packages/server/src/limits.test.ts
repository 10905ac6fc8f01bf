// What a caller may ask for: requests a second, heavy work, sizes, times. Over a socket where a connection is needed.
import { setTimeout as sleep } from 'node:timers/promises'
import { operations } from 'indelible/operations'
import { expect, test, vi } from 'vitest'
import { openShop, raw, servedShop } from '../test/shop.ts'
import { callerOf } from './callers.ts'
import { httpApi, identity } from './index.ts'

const problem = (status: number, code: string) => ({ status, body: { type: `urn:indelible:error:${code}` } })

test('a caller that asks too often is told when to ask again, and others are answered', async () => {
  const { get } = openShop({ api: { requestsPerSecond: 0.4 } })
  const ask = (actor: string) => get('/streams/item-tea', { headers: { 'X-Actor': actor } })
  expect([(await ask('ann')).status, (await ask('ann')).status]).toEqual([404, 404])
  const refused = await ask('ann')
  expect(refused).toMatchObject(problem(429, 'too_many_requests'))
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(refused.body.detail).toMatch(/^You sent more than 0\.4 requests a second\. Wait \d+ s/)
  expect((await ask('bob')).status).toBe(404)
})

test('a refused request is not carried out', async () => {
  const { post, running } = openShop({ api: { requestsPerSecond: 0.2 } })
  const send = () => post('/commands/item/tea/ReceiveStock', { quantity: 1 }, { 'X-Actor': 'ann' })
  expect([(await send()).status, (await send()).status]).toEqual([200, 429])
  expect((await running.store.head()).position).toBe(1)
})

test('pages that carry no operation, and paths that do not exist, count for the address; probes do not', async () => {
  for (const path of ['/metrics', '/openapi.json', '/', '/nope', '/log/checkpoint']) {
    const { get } = openShop({ api: { requestsPerSecond: 0.2 } })
    await get('/nope')
    expect(await get(path)).toMatchObject(problem(429, 'too_many_requests'))
    expect(await get(path, { method: 'DELETE' })).toMatchObject(problem(429, 'too_many_requests'))
    for (let count = 0; count < 3; count++) expect((await get('/livez')).status).toBe(200)
    expect((await get('/readyz')).status).toBe(200)
  }
})

test('heavy requests have their own rate, light ones go on', async () => {
  const { get, post } = openShop({ api: { heavyPerSecond: 0.2 } })
  await post('/commands/item/tea/ReceiveStock', { quantity: 1 })
  expect((await get('/aggregates/item/tea/blame')).status).toBe(200)
  expect(await get('/audit')).toMatchObject(problem(429, 'too_many_requests'))
  expect(await get('/tables/stock_levels?position=1')).toMatchObject(problem(429, 'too_many_requests'))
  expect((await get('/tables/stock_levels')).status).toBe(200)
})

test('heavy requests have places: a caller has half of them', async () => {
  const { get, running } = openShop({ api: { heavyAtOnceMax: 4, onError: () => {} } })
  const held = Promise.withResolvers<never>()
  vi.spyOn(running, 'verifyTable').mockImplementation(() => held.promise)
  const verify = (actor: string) => get('/projections/notes/verify', { method: 'POST', headers: { 'X-Actor': actor } })
  const first = [verify('ann'), verify('ann')]
  expect(await verify('ann')).toMatchObject(problem(429, 'too_many_requests'))
  const second = [verify('bob'), verify('bob')]
  expect(await verify('cyn')).toMatchObject(problem(503, 'server_busy'))
  held.reject(new Error('ended'))
  await Promise.all([...first, ...second])
  vi.restoreAllMocks()
  expect((await verify('cyn')).status).toBe(200)
})

test('every operation that reads much says so, and no parameter is misspelt', () => {
  const heavy = Object.entries(operations).filter(([, operation]) => operation.heavy)
  for (const [, { heavy: when, parameters }] of heavy)
    if (Array.isArray(when)) expect(Object.keys(parameters)).toEqual(expect.arrayContaining([...when]))
  expect(heavy.map(([name]) => name)).toEqual(
    expect.arrayContaining(['whatIf', 'replayDecisions', 'auditTrail', 'blameRow', 'rebuildProjection', 'selectRows']),
  )
})

test('reads wait in a line', async () => {
  const { get, running } = openShop({ api: { readsAtOnceMax: 2 } })
  const underWay = { now: 0, most: 0 }
  const { select } = running
  vi.spyOn(running, 'select').mockImplementation(async (...args) => {
    underWay.most = Math.max(underWay.most, ++underWay.now)
    await sleep(2)
    return await select.apply(running, args as never).finally(() => underWay.now--)
  })
  const answers = await Promise.all(Array.from({ length: 20 }, () => get('/tables/stock_levels')))
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
  expect(underWay.most).toBe(2)
})

test('a read that is not ready in time is answered, and keeps its place until it ends', async () => {
  const { get, running } = openShop({ api: { readTimeoutMs: 20, readsAtOnceMax: 1, onError: () => {} } })
  const held = Promise.withResolvers<never>()
  vi.spyOn(running, 'select').mockImplementationOnce(() => held.promise)
  expect(await get('/tables/stock_levels')).toMatchObject(problem(504, 'work_timeout'))
  expect(await get('/tables/stock_levels')).toMatchObject(problem(504, 'work_timeout'))
  held.reject(new Error('ended'))
  await expect.poll(async () => (await get('/tables/stock_levels')).status).toBe(200)
})

test('a response that is too large is refused, and says what to do', async () => {
  const { get, post } = openShop({ api: { responseBytesMax: 2_000 } })
  for (let count = 0; count < 10; count++) await post('/commands/item/tea/ReceiveStock', { quantity: 1 })
  const { status, body } = await get('/streams/item-tea')
  expect({ status, body }).toMatchObject(problem(413, 'response_too_large'))
  expect(body.detail).toMatch(/a lower "limit"/)
  expect((await get('/streams/item-tea?limit=2')).status).toBe(200)
})

test('a URL that is too long is refused', async () => {
  const { get } = openShop()
  expect(await get(`/streams/${'x'.repeat(13_000)}`)).toMatchObject(problem(414, 'url_too_long'))
})

test('too many or too large headers are refused with a problem document', async () => {
  const { port } = await servedShop()
  const many = Array.from({ length: 101 }, (_, index) => `X-Header-${index}: 1`)
  expect(await raw(port, 'GET /health HTTP/1.1', 'Host: localhost', ...many)).toMatchObject(
    problem(431, 'headers_too_large'),
  )
  expect(await raw(port, 'GET /health HTTP/1.1', `Host: localhost`, `X-Large: ${'x'.repeat(20_000)}`)).toMatchObject(
    problem(431, 'headers_too_large'),
  )
})

test.each([
  ['GET /health HTTP/9.9', 400, 'malformed_request'],
  ['NONSENSE', 400, 'malformed_request'],
])('%s is refused with a problem document', async (line, status, code) => {
  const { port } = await servedShop()
  expect(await raw(port, line, 'Host: localhost')).toMatchObject(problem(status, code))
})

test('an expectation that is unknown is refused', async () => {
  const { port } = await servedShop()
  expect(await raw(port, 'GET /health HTTP/1.1', 'Host: localhost', 'Expect: miracles')).toMatchObject(
    problem(417, 'expectation_unsupported'),
  )
})

test('a compressed body is refused, whatever it would become', async () => {
  const { get } = openShop()
  for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip', 'zstd']) {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
    const asked = get('/commands/item/tea/TakeNote', { method: 'POST', headers, body: '{}' })
    expect(await asked).toMatchObject(problem(415, 'content_type_unsupported'))
  }
})

test.each([
  ['requestsPerSecond', 0],
  ['bodyBytesMax', Number.NaN],
  ['heldBytesMax', -1],
])('%s may not be %s', (name, value) => {
  expect(() => httpApi(openShop().running, { [name]: value })).toThrow(/Give a number above 0/)
})

test('a caller is its actor, or its address, or the network of its address', () => {
  const from = (remoteAddress: string) => ({ env: { incoming: { socket: { remoteAddress } } } }) as never
  expect(callerOf(from('10.0.0.1'), { actor: 'ann' })).toBe('actor ann')
  expect(callerOf(from('10.0.0.1'))).toBe('address 10.0.0.1')
  expect(callerOf(from('::ffff:10.0.0.1'))).toBe('address ::ffff:10.0.0.1')
  expect(callerOf(from('2001:db8:1:2:3:4:5:6'))).toBe(callerOf(from('2001:db8:1:2::99')))
  expect(callerOf(from('2001:db8:1:2::1'))).not.toBe(callerOf(from('2001:db8:1:3::1')))
  expect(callerOf(from('::1'))).toBe('address 0:0:0:0::/64')
})

test('whoever is recognised has limits of their own; whoever guesses keys uses up those of the address, and probes are open', async () => {
  const known = identity('names', async ({ headers }) => {
    const name = headers.get('Authorization')
    return name === null ? undefined : name === 'wrong' ? { refused: 'wrong' } : { actor: name }
  })
  const access = { grants: [{ anyone: true, may: 'everything' }] } as const
  const api = { identities: [known], requestsPerSecond: 0.4, onNotice: () => {} }
  const { get } = openShop({ access, api })
  const ask = async (name: string) => (await get('/streams/item-tea', { headers: { Authorization: name } })).status
  expect([await ask('ann'), await ask('ann'), await ask('ann'), await ask('bob')]).toEqual([404, 404, 429, 404])
  expect([await ask('wrong'), await ask('wrong'), await ask('wrong'), await ask('bob')]).toEqual([401, 401, 429, 404])
  expect([(await get('/livez')).status, (await get('/readyz')).status]).toEqual([200, 200])
})
