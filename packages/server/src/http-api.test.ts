import { Hono } from 'hono'
import { memoryStore } from 'indelible/memory'
import { expect, onTestFinished, test, vi } from 'vitest'
import { answerOf, jsonPost, openShop } from '../test/shop.ts'
import { httpApi } from './index.ts'

test('an unknown path is a problem', async () => {
  const { get } = openShop()
  for (const path of ['/nope', '/streams', '/streams/', '/health/', '/commands/item//ReceiveStock', '/tables/a/b']) {
    const { status, headers, body } = await get(path)
    expect(status).toBe(404)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(body.type).toBe('urn:indelible:error:unknown_route')
  }
})

test.each([
  ['DELETE', '/streams/item-tea', 'GET, HEAD'],
  ['PUT', '/aggregates/item/tea', 'GET, HEAD'],
  ['PATCH', '/tables/stock_levels', 'GET, HEAD'],
  ['POST', '/health', 'GET, HEAD'],
  ['OPTIONS', '/sagas/fulfilment/o1', 'GET, HEAD'],
  ['GET', '/sagas/fulfilment/o1/resume', 'POST'],
  ['GET', '/commands/item/tea/ReceiveStock', 'POST'],
  ['POST', '/projections', 'GET, HEAD'],
  ['GET', '/projections/notes/rebuild', 'POST'],
  ['POST', '/metrics', 'GET, HEAD'],
])('%s %s is not allowed', async (method, path, allow) => {
  const { get } = openShop()
  const { status, headers, body } = await get(path, { method })
  expect(status).toBe(405)
  expect(headers.get('allow')).toBe(allow)
  expect(body.type).toBe('urn:indelible:error:method_not_allowed')
})

test('HEAD answers like GET, without a body', async () => {
  const { get } = openShop()
  expect(await get('/health', { method: 'HEAD' })).toMatchObject({ status: 200, body: undefined })
  expect((await get('/nope', { method: 'HEAD' })).status).toBe(404)
})

test('every answer ends with a line break', async () => {
  const { app } = openShop()
  for (const path of ['/', '/health', '/metrics', '/openapi.json', '/nope']) {
    expect(await (await app.request(path)).text()).toMatch(/[^\n]\n$/)
  }
})

test('nothing is cached', async () => {
  const { get } = openShop()
  for (const path of ['/', '/health', '/nope']) expect((await get(path)).headers.get('cache-control')).toBe('no-store')
})

test.each(['error', 'text', 'clock'])(
  'an exception of the domain (%s) is reported to the operator and not shown to the client',
  async (how) => {
    const onError = vi.fn()
    const { post } = openShop({ api: { onError } })
    const { status, body } = await post('/commands/item/tea/Fail', { with: how })
    expect(status).toBe(500)
    expect(body.type).toBe(`urn:indelible:error:${how === 'clock' ? 'impure_aggregate' : 'internal'}`)
    expect(JSON.stringify(body)).not.toMatch(/hunter2|\.ts|Date/)
    const [error, request] = onError.mock.calls[0]!
    expect(String(error)).toMatch(/hunter2|Date/)
    expect(request).toEqual({ method: 'POST', path: '/commands/item/tea/Fail' })
  },
)

test('faults go to stderr when there is no observer', async () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => write.mockRestore())
  const { post } = openShop()
  await post('/commands/item/tea/Fail', { with: 'error' })
  const [line] = write.mock.calls[0]!
  expect(line).toMatch(
    / error request failed: A request failed\. method=POST path=\/commands\/item\/tea\/Fail\n {2}Error: the password is hunter2\n {4}at /,
  )
})

test('a full store is reported, and reads go on', async () => {
  const store = memoryStore()
  const full = async () => {
    const { IndelibleError } = await import('indelible')
    throw new IndelibleError('store_full', 'No space left on /dev/sda1.')
  }
  const { get, post } = openShop({ store: { ...store, append: full }, api: { onError: () => {} } })
  expect(await post('/commands/item/tea/ReceiveStock', { quantity: 1 })).toMatchObject({
    status: 507,
    body: { type: 'urn:indelible:error:store_full', retryable: true },
  })
  expect((await get('/health')).status).toBe(200)
})

test('the index lists what there is', async () => {
  const { get } = openShop()
  const { body } = await get('/')
  expect(body).toMatchObject({ name: 'shop', openapi: '/openapi.json', health: '/health' })
  const links = body.links.map(({ method, href }: { method: string; href: string }) => `${method} ${href}`)
  expect(links).toContain('POST /commands/item/{id}/ReceiveStock')
  expect(links).toContain('GET /tables/stock_levels')
  expect(links).toContain('GET /sagas/fulfilment/{id}')
  expect(links).toContain('GET /projections')
  expect(links).toContain('POST /projections/stock_levels/rebuild')
})

test('the API can be mounted in another app', async () => {
  const { running } = openShop()
  const app = new Hono().route('/api', httpApi(running)).get('/own', (c) => c.text('own'))
  const get = async (path: string, init?: RequestInit) => answerOf(await app.request(path, init))
  for (const quantity of [1, 2]) await get('/api/commands/item/tea/ReceiveStock', jsonPost({ quantity }))
  const { body } = await get('/api/streams/item-tea?limit=1')
  expect(body.next).toBe('/api/streams/item-tea?limit=1&from=2')
  expect((await get(body.next)).body.events).toHaveLength(1)
  expect((await get('/api')).body).toMatchObject({ openapi: '/api/openapi.json' })
  expect((await get('/api/nope')).body.type).toBe('urn:indelible:error:unknown_route')
  expect((await app.request('/own')).status).toBe(200)
})
