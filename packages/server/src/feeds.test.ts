// Live feeds over HTTP: what clients get, and what the server does with those who are slow, too many or gone.
import { expect, onTestFinished, test } from 'vitest'
import { followFeed } from '../test/feed-client.ts'
import { bearer, guardedShop } from '../test/guarded.ts'
import { openShop, PlaceOrder, ReceiveStock, runningShop, ShipStock, shop } from '../test/shop.ts'
import { apiKeys, serve } from './index.ts'

function opened(parts: Parameters<typeof openShop>[0] = {}) {
  const { app, running, post, get } = openShop(parts)
  const follow = async (path: string, lastEventId?: string) => {
    const client = await followFeed((path, init) => app.request(path, init), path, lastEventId)
    onTestFinished(() => client.leave())
    return client
  }
  return { app, running, post, get, follow }
}

const positions = (messages: readonly { id: string | undefined }[]) => messages.map(({ id }) => Number(id))

test('a feed has the events from a position on, then new ones, each with its position as id', async () => {
  const { running, follow } = opened()
  await running.send(ReceiveStock('tea', { quantity: 5 }))
  await running.send(ReceiveStock('jam', { quantity: 5 }))
  const feed = await follow('/events?after=0')
  expect(feed.response.headers.get('content-type')).toBe('text/event-stream')
  expect(feed.response.headers.get('x-accel-buffering')).toBe('no')
  const old = await feed.until('caught-up')
  expect(old.map(({ kind, id }) => [kind, id])).toEqual([
    ['event', '1'],
    ['event', '2'],
    ['caught-up', '2'],
  ])
  expect(old[0]!.data).toMatchObject({ position: 1, stream: 'item-tea', type: 'StockReceived', data: { quantity: 5 } })
  await running.send(ShipStock('tea', { quantity: 1 }))
  expect(await feed.next()).toMatchObject({ kind: 'event', id: '3', data: { type: 'StockShipped' } })
})

test('without a position a feed begins now, and a client comes again where it was', async () => {
  const { running, follow } = opened()
  await running.send(ReceiveStock('tea', { quantity: 5 }))
  const first = await follow('/events')
  expect(positions(await first.until('caught-up'))).toEqual([1])
  await running.send(ReceiveStock('tea', { quantity: 5 }))
  await first.until('event')
  await first.leave()
  await running.send(ReceiveStock('tea', { quantity: 5 }))
  const again = await follow('/events', first.lastEventId)
  expect(positions(await again.until('caught-up'))).toEqual([3, 3])
})

test('types, categories, streams and tags select events, and reserved events are there only for those who name them', async () => {
  const { running, follow } = opened()
  await running.send(ReceiveStock('tea', { quantity: 5 }))
  await running.send(ReceiveStock('milk', { quantity: 5 }))
  await running.send(PlaceOrder('o1', { item: 'tea', extra: 'milk', quantity: 1 }))
  await running.waitForSaga(shop.sagas[0]!, 'o1')
  const typesOf = async (query: string) => {
    const feed = await follow(`/events?after=0&${query}`)
    const messages = await feed.until('caught-up')
    return messages.filter(({ kind }) => kind === 'event').map(({ data }) => data.type)
  }
  expect(await typesOf('')).toEqual(['StockReceived', 'StockReceived', 'OrderPlaced', 'StockShipped', 'StockShipped'])
  expect(await typesOf('types=OrderPlaced,StockReceived')).toEqual(['StockReceived', 'StockReceived', 'OrderPlaced'])
  expect(await typesOf('categories=item&tags=shipped')).toEqual(['StockShipped', 'StockShipped'])
  expect(await typesOf('streams=item-tea,order-o1')).toEqual(['StockReceived', 'OrderPlaced', 'StockShipped'])
  expect((await typesOf('types=$SagaStarted,OrderPlaced')).sort()).toEqual(['$SagaStarted', 'OrderPlaced'])
  await expect(follow('/events?types=Nothing')).rejects.toThrow('The system declares no event')
})

test('a stream is a page, or a feed for those who accept one', async () => {
  const { running, follow, get } = opened()
  for (const quantity of [1, 2, 3]) await running.send(ReceiveStock('tea', { quantity }))
  expect((await get('/streams/item-tea')).body.events).toHaveLength(3)
  const feed = await follow('/streams/item-tea?afterVersion=1')
  expect((await feed.until('caught-up')).map(({ data }) => data.version)).toEqual([2, 3, undefined])
  const later = await follow('/streams/item-jam')
  await later.until('caught-up')
  await running.send(ReceiveStock('jam', { quantity: 1 }))
  expect(await later.next()).toMatchObject({ kind: 'event', data: { stream: 'item-jam', version: 1 } })
  expect((await get('/streams/item-tea?afterVersion=1')).body.parameter).toBe('afterVersion')
})

test('a log that was restored from an older copy is noticed', async () => {
  const { running, follow } = opened()
  await running.send(ReceiveStock('tea', { quantity: 1 }))
  await expect(follow('/events?after=7')).rejects.toThrow('feed_diverged')
  await expect(follow('/events', '7')).rejects.toThrow('feed_diverged')
  const [told] = await (await follow('/events')).until('caught-up')
  const { history } = told!.data
  await (await follow(`/events?after=1&history=${encodeURIComponent(history)}`)).until('caught-up')
  await expect(follow('/events?after=1&history=another')).rejects.toThrow('feed_diverged')
})

test('a table is its rows and then each change, and a row that no longer meets the conditions is deleted', async () => {
  const { running, follow } = opened()
  await running.send(ReceiveStock('tea', { quantity: 20 }))
  await running.send(ReceiveStock('jam', { quantity: 5 }))
  const feed = await follow('/tables/stock_levels/changes?where[in_stock][gte]=10')
  const first = await feed.until('caught-up')
  expect(first.map(({ kind, id }) => [kind, id])).toEqual([
    ['reset', '0'],
    ['row', undefined],
    ['caught-up', '2'],
  ])
  expect(first[1]!.data).toMatchObject({ change: 'snapshot', key: { item_id: 'tea' }, row: { in_stock: 20 } })
  await running.send(ShipStock('tea', { quantity: 5 }))
  await running.send(ReceiveStock('jam', { quantity: 15 }))
  await running.send(ShipStock('tea', { quantity: 6 }))
  const changes = [await feed.next(), await feed.next(), await feed.next()]
  expect(
    changes.map((each) => [each!.id, each!.data.change, each!.data.key.item_id, each!.data.row?.in_stock]),
  ).toEqual([
    ['3', 'update', 'tea', 15],
    ['4', 'insert', 'jam', 15],
    ['5', 'delete', 'tea', undefined],
  ])
  await feed.leave()
  await running.send(ReceiveStock('jam', { quantity: 30 }))
  const again = await follow('/tables/stock_levels/changes?where[in_stock][gte]=10', feed.lastEventId)
  expect((await again.until('caught-up')).map(({ kind, id }) => [kind, id])).toEqual([
    ['row', '6'],
    ['caught-up', '6'],
  ])
  await expect(follow('/tables/nothing/changes')).rejects.toThrow('unknown_projection')
  await expect(follow('/tables/stock_levels/changes?where[colour]=red')).rejects.toThrow('there is no such column')
})

test('a table whose projection is parked has no feed, and one that follows it is told', async () => {
  const { running, follow } = opened({ api: { onError: () => {} } })
  const feed = await follow('/tables/notes/changes')
  await feed.until('caught-up')
  await running.send({ category: 'item', id: 'tea', type: 'TakeNote', input: 'park' } as never)
  const end = await feed.next()
  expect(end).toMatchObject({ kind: 'end', data: { reason: 'failed', error: { code: 'projection_parked' } } })
  expect(await feed.next()).toBeUndefined()
  await expect(follow('/tables/notes/changes')).rejects.toThrow('projection_parked')
})

test('a saga and the health of the system are told as they change', async () => {
  const { running, follow } = opened()
  const health = await follow('/health/changes')
  expect(await health.next()).toMatchObject({ kind: 'health', data: { status: 'ok' } })
  const saga = await follow('/sagas/fulfilment/o1/changes')
  await saga.until('caught-up')
  await running.send(PlaceOrder('o1', { item: 'tea', extra: 'milk', quantity: 1 }))
  const told = await saga.until('happened', ({ data }) => data.kind === 'end')
  expect(told.map(({ data }) => data.type)).toEqual(['$SagaStarted', '$StepSent', '$StepRefused', '$SagaCompensated'])
  await running.consumers.pause({ name: 'fulfilment' })
  const { data } = (await health.until('health'))[0]!
  expect(data.consumers.find(({ name }: { name: string }) => name === 'fulfilment')).toMatchObject({ state: 'paused' })
})

test('there are only so many feeds', async () => {
  const { follow, app } = opened({ api: { feedsMax: 1 } })
  const first = await follow('/events')
  const refused = await app.request('/events')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  expect((await refused.json()) as object).toMatchObject({ type: 'urn:indelible:error:too_many_feeds' })
  await first.leave()
  await (await follow('/events')).until('caught-up')
})

test('a feed without news shows that it is alive', async () => {
  const { app } = openShop({ api: { feedHeartbeatMs: 1 } })
  const reader = (await app.request('/events')).body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes(': heartbeat\n\n: heartbeat\n\n')) text += (await reader.read()).value
  expect(text).toMatch(/^retry: \d+\n\n/)
  await reader.cancel()
})

test('HEAD asks for the headers of a feed and begins none', async () => {
  const { app, follow } = opened({ api: { feedsMax: 1 } })
  for (let time = 0; time < 3; time++) {
    const response = await app.request('/events', { method: 'HEAD' })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  }
  await follow('/events')
})

test('HEAD is refused where the feed would be', async () => {
  const { app, running } = guardedShop([apiKeys()], {
    grants: [{ role: 'clerk', may: 'read', tables: ['stock_levels'] }],
  })
  const { key } = await running.keys.issue({ principal: { actor: 'carl', roles: ['clerk'] } })
  const statusOf = async (path: string) =>
    (await app.request(`http://localhost${path}`, { method: 'HEAD', headers: bearer(key) })).status
  expect(await statusOf('/tables/stock_levels/changes')).toBe(200)
  expect(await statusOf('/tables/notes/changes')).toBe(403)
  expect(await statusOf('/sagas/fulfilment/o1/changes')).toBe(403)
  expect(await statusOf('/tables/stock_levels/changes?where[colour]=red')).toBe(400)
})

test('when the server closes, feeds are told, and do not delay it', async () => {
  const running = runningShop()
  const server = await serve(running, { port: 0 })
  const feed = await followFeed((path, init) => fetch(server.url + path, init), '/events')
  await feed.until('caught-up')
  const closed = server.close()
  expect(await feed.next()).toMatchObject({ kind: 'end', data: { reason: 'closing' } })
  expect(await feed.next()).toBeUndefined()
  await closed
})

test('when the system closes, feeds are told', async () => {
  const { running, follow } = opened()
  const feeds = await Promise.all(['/events', '/tables/stock_levels/changes'].map((path) => follow(path)))
  for (const feed of feeds) await feed.until('caught-up')
  await running.close()
  for (const feed of feeds) expect(await feed.next()).toMatchObject({ kind: 'end', data: { reason: 'closing' } })
})
