import { memoryStore } from 'indelible/memory'
import { expect, test } from 'vitest'
import { openShop } from '../test/shop.ts'

/** Receives 1, 2 and 4 units of tea on the first three days of 2026; the last receipt was valid a year earlier. */
async function shopWithHistory() {
  let now = 0
  const clock = { now: () => now }
  const shop = openShop({ store: memoryStore({ clock }), clock })
  for (const [day, quantity] of [1, 2, 4].entries()) {
    now = Date.parse(`2026-01-0${day + 1}T12:00:00Z`)
    const headers: Record<string, string> = quantity === 4 ? { 'X-Valid-At': '2025-01-01' } : {}
    await shop.post('/commands/item/tea/ReceiveStock', { quantity }, headers)
    await shop.post('/commands/item/jam/ReceiveStock', { quantity: 1 })
  }
  return shop
}

test('the current state of an aggregate is shown', async () => {
  const { get } = await shopWithHistory()
  const { status, headers, body } = await get('/aggregates/item/tea')
  expect(status).toBe(200)
  expect(headers.get('etag')).toBe('"3"')
  expect(headers.get('x-position')).toBe('5')
  expect(body).toEqual({
    category: 'item',
    id: 'tea',
    state: { inStock: 7, frozen: false },
    version: 3,
    position: 5,
    recordedAt: '2026-01-03T12:00:00.000Z',
    asOf: null,
  })
})

test('the version that is shown can be used as a condition of a command', async () => {
  const { get, post } = await shopWithHistory()
  const etag = (await get('/aggregates/item/tea')).headers.get('etag')!
  const ship = () => post('/commands/item/tea/ShipStock', { quantity: 1 }, { 'If-Match': etag })
  expect((await ship()).status).toBe(200)
  expect((await ship()).status).toBe(412)
})

test.each([
  ['version=2', 3, 2],
  ['version=99', 7, 3],
  ['position=2', 1, 1],
  ['recordedAt=2026-01-02', 3, 2],
  ['recordedAt=2026-01-02T11:59:59Z', 1, 1],
  ['validAt=2025-06-01', 4, 3],
])('an aggregate is shown as of %s', async (asOf, inStock, version) => {
  const { get } = await shopWithHistory()
  const { status, headers, body } = await get(`/aggregates/item/tea?${asOf}`)
  const [name, value] = asOf.split('=') as [string, string]
  expect(status).toBe(200)
  expect(headers.has('etag')).toBe(false)
  expect(body).toMatchObject({
    state: { inStock },
    version,
    asOf: { [name]: /^\d+$/.test(value) ? Number(value) : value },
  })
})

test('an aggregate that does not exist at a point says whether it exists now', async () => {
  const { get } = await shopWithHistory()
  const missing = { status: 404, body: { type: 'urn:indelible:error:aggregate_missing' } }
  const never = await get('/aggregates/item/honey')
  expect(never).toMatchObject(missing)
  expect(never.body.detail).toBe('item-honey has no events.')
  const neither = await get('/aggregates/item/honey?recordedAt=2026-01-01')
  expect(neither).toMatchObject(missing)
  expect(neither.body.detail).toBe('item-honey had no events at that point, and has no events now.')
  const notYet = await get('/aggregates/item/tea?recordedAt=2025-12-31')
  expect(notYet).toMatchObject(missing)
  expect(notYet.body).toMatchObject({
    detail: 'item-tea had no events at that point. It exists now, at version 3.',
    stream: 'item-tea',
    version: 3,
  })
  expect(await get('/aggregates/item/tea?version=0')).toMatchObject(missing)
})

test.each([
  ['/aggregates/item/tea?version=1&position=1', 400, 'invalid_parameter'],
  ['/aggregates/item/tea?version=one', 400, 'invalid_parameter'],
  ['/aggregates/item/tea?validat=2026-01-01', 400, 'invalid_parameter'],
  ['/aggregates/item/tea?validAt=today', 400, 'invalid_time'],
  ['/aggregates/item/tea?recordedAt=2026-02-30', 400, 'invalid_time'],
  ['/aggregates/nope/tea', 404, 'unknown_aggregate'],
])('%s is refused', async (path, status, code) => {
  const { get } = await shopWithHistory()
  expect(await get(path)).toMatchObject({ status, body: { type: `urn:indelible:error:${code}` } })
})
