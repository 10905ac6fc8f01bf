import { operations } from 'indelible/operations'
import { expect, test } from 'vitest'
import { type Answer, openShop } from '../test/shop.ts'

const limits = operations.readStream.parameters.limit!.schema as { maximum: number; default: number }
const { maximum: pageMax, default: pageDefault } = limits

async function shopWith(events: number) {
  const shop = openShop()
  for (let count = 1; count <= events; count++) {
    await shop.post('/commands/item/tea/ReceiveStock', { quantity: count })
    await shop.post('/commands/item/jam/ReceiveStock', { quantity: 1 })
  }
  return shop
}

function quantities({ body }: Answer): number[] {
  return body.events.map((event: { data: { quantity: number } }) => event.data.quantity)
}

test('a stream is read in the readable form of its events', async () => {
  const { get, post } = openShop()
  await post('/commands/item/tea/ReceiveStock', { quantity: 5 }, { 'X-Actor': 'ann', 'Idempotency-Key': 'k' })
  await post('/commands/item/tea/ShipStock', { quantity: 1 })
  const { status, body } = await get('/streams/item-tea')
  expect(status).toBe(200)
  expect(body).toMatchObject({ stream: 'item-tea', next: null })
  expect(body.events).toHaveLength(2)
  expect(body.events[0]).toEqual({
    position: 1,
    stream: 'item-tea',
    version: 1,
    type: 'StockReceived',
    schemaVersion: 1,
    data: { quantity: 5 },
    metadata: {
      actor: 'ann',
      commandId: 'k',
      correlationId: 'k',
      causationId: 'k',
      issuedAt: expect.any(String),
      requestHash: expect.any(String),
      command: { type: 'ReceiveStock', code: expect.any(String) },
    },
    tags: [],
    recordedAt: expect.any(String),
    id: expect.any(String),
  })
  expect(body.events[1]).toMatchObject({ version: 2, type: 'StockShipped', tags: ['shipped'] })
})

test.each([
  ['forwards', [[1, 2], [3, 4], [5]]],
  ['backwards', [[5, 4], [3, 2], [1]]],
])('the links lead through the whole stream %s', async (direction, expected) => {
  const { get } = await shopWith(5)
  const pages = []
  for (let next = `/streams/item-tea?limit=2&direction=${direction}`; next !== null; ) {
    const page = await get(next)
    pages.push(quantities(page))
    next = page.body.next
  }
  expect(pages).toEqual(expected)
})

test('a page that ends with the stream has no link', async () => {
  const { get } = await shopWith(2)
  expect((await get('/streams/item-tea?limit=2')).body.next).toBeNull()
})

test('a page begins at the requested position', async () => {
  const { get } = await shopWith(3)
  expect(quantities(await get('/streams/item-tea?from=2'))).toEqual([2, 3])
  expect(quantities(await get('/streams/item-tea?from=4&direction=backwards'))).toEqual([2, 1])
  expect((await get('/streams/item-tea?from=99')).body).toMatchObject({ events: [], next: null })
})

test('a page has a default size and a maximum size', async () => {
  const { get, running } = openShop()
  const events = Array.from({ length: pageMax + 1 }, (_, index) => ({
    stream: 'item-tea' as const,
    type: 'StockReceived',
    data: { quantity: index + 1 },
  }))
  await running.store.append({ events })
  expect((await get('/streams/item-tea')).body.events).toHaveLength(pageDefault)
  expect((await get(`/streams/item-tea?limit=${pageMax}`)).body.events).toHaveLength(pageMax)
  expect(await get(`/streams/item-tea?limit=${pageMax + 1}`)).toMatchObject({
    status: 400,
    body: { type: 'urn:indelible:error:invalid_parameter', parameter: 'limit' },
  })
})

test('a page of large events ends early, and the next page continues there', async () => {
  const { get, running } = openShop()
  const note = 'x'.repeat(3 * 1024 * 1024)
  for (let count = 0; count < 5; count++) {
    await running.store.append({ events: [{ stream: 'item-tea', type: 'NoteTaken', data: { note } }] })
  }
  const first = await get('/streams/item-tea')
  expect(first.body.events).toHaveLength(3)
  expect((await get(first.body.next)).body.events).toHaveLength(2)
})

test('bytes that are not JSON are read as base64', async () => {
  const { get, running } = openShop()
  await running.store.append({ events: [{ stream: 'item-tea', type: 'Photo', data: new Uint8Array([1, 2, 3]) }] })
  const { body } = await get('/streams/item-tea')
  expect(body.events[0]).toMatchObject({ data: 'AQID', contentType: 'application/octet-stream' })
})

test('a stream without events is missing', async () => {
  const { get } = openShop()
  expect(await get('/streams/item-tea')).toMatchObject({
    status: 404,
    body: { type: 'urn:indelible:error:stream_missing' },
  })
})

test.each([
  ['/streams/nonsense', 'invalid_stream_name'],
  ['/streams/item-tea?limit=0', 'invalid_parameter'],
  ['/streams/item-tea?limit=ten', 'invalid_parameter'],
  ['/streams/item-tea?limit=', 'invalid_parameter'],
  ['/streams/item-tea?limit=1&limit=2', 'invalid_parameter'],
  ['/streams/item-tea?from=-1', 'invalid_parameter'],
  ['/streams/item-tea?from=9007199254740992', 'invalid_parameter'],
  ['/streams/item-tea?direction=sideways', 'invalid_parameter'],
  ['/streams/item-tea?fromVersion=1', 'invalid_parameter'],
])('%s is refused', async (path, code) => {
  const { get } = await shopWith(1)
  expect(await get(path)).toMatchObject({ status: 400, body: { type: `urn:indelible:error:${code}` } })
})
