import type { EventStore } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { openShop, servedShop } from '../test/shop.ts'
import { httpApi } from './index.ts'
import { probeCacheMs } from './limits.ts'

const checksOf = ({ body }: { body: { checks: readonly { name: string; status: string }[] } }) =>
  Object.fromEntries(body.checks.map(({ name, status }) => [name, status]))

test('a server that works is live and ready, also for HEAD, and says nothing about the data', async () => {
  const { get, post } = openShop()
  await post('/commands/item/tea/ReceiveStock', { quantity: 5 })
  const [live, ready] = [await get('/livez'), await get('/readyz')]
  expect([live.status, live.body]).toEqual([200, { status: 'ok', checks: [{ name: 'event loop', status: 'ok' }] }])
  expect(ready.status).toBe(200)
  expect(checksOf(ready)).toEqual({ drain: 'ok', store: 'ok', tables: 'ok' })
  for (const path of ['/livez', '/readyz']) {
    const { status, body } = await get(path, { method: 'HEAD' })
    expect([status, body]).toEqual([200, undefined])
    expect(await get(path, { method: 'POST' })).toMatchObject({ status: 405 })
  }
})

test('a parked table makes the server not ready, unless others are the ones that count', async () => {
  const { get, post, running } = openShop()
  const others = httpApi(running, { readyProjections: ['stock_levels'] })
  await post('/commands/item/tea/TakeNote', 'park')
  await get('/tables/notes?waitFor=1')
  const ready = await get('/readyz')
  expect(ready.status).toBe(503)
  expect(checksOf(ready)).toMatchObject({ tables: 'failed', store: 'ok' })
  expect(ready.body.checks[2].reason).toBe('1 of 2 cannot be served, or are too far behind. GET /health says more.')
  expect((await others.request('/readyz')).status).toBe(200)
  expect((await get('/livez')).status).toBe(200)
  expect(() => httpApi(running, { readyProjections: ['nope'] })).toThrow(/"nope", which the system does not have/)
})

test('a table that is too far behind makes the server not ready', async () => {
  const { get, post, running } = openShop({ api: { readyLagEventsMax: 1 } })
  await running.consumers.pause({ name: 'stock_levels' })
  for (let count = 0; count < 3; count++) await post('/commands/item/tea/ReceiveStock', { quantity: 5 })
  expect((await get('/readyz')).status).toBe(503)
})

test('a store that cannot write makes the server not ready, one that was opened read-only does not', async () => {
  const store = memoryStore()
  const cannot = (code: string): EventStore => ({
    ...store,
    health: async () =>
      ({ canWrite: false, error: { code, message: 'secret' }, since: 0, refusedAppends: {} }) as never,
  })
  const full = await openShop({ store: cannot('store_full') }).get('/readyz')
  expect(full.status).toBe(503)
  expect(checksOf(full)).toMatchObject({ store: 'failed' })
  expect(JSON.stringify(full.body)).not.toContain('secret')
  expect((await openShop({ store: cannot('store_read_only') }).get('/readyz')).status).toBe(200)
})

test('many who ask cost one look at the system', async () => {
  const { get, running } = openShop()
  const asked = vi.spyOn(running, 'health')
  await Promise.all(Array.from({ length: 50 }, () => get('/readyz')))
  await get('/readyz')
  expect(asked).toHaveBeenCalledTimes(1)
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + probeCacheMs + 1)
  await get('/readyz')
  vi.restoreAllMocks()
})

test('a server that drains is not ready, answers everything else, and then closes', async () => {
  const { get, post, server } = await servedShop()
  expect((await get('/readyz')).status).toBe(200)
  let isClosed = false
  const closing = server.close({ drainMs: 300 }).then(() => {
    isClosed = true
  })
  const ready = await get('/readyz')
  expect([ready.status, checksOf(ready).drain]).toEqual([503, 'failed'])
  expect((await get('/livez')).status).toBe(200)
  expect((await post('/commands/item/tea/ReceiveStock', { quantity: 5 })).status).toBe(200)
  expect(isClosed).toBe(false)
  await closing
  await expect(get('/livez')).rejects.toThrow('fetch failed')
})

test('a server that nobody asked whether it is ready closes at once', async () => {
  const { get, server } = await servedShop()
  expect((await get('/livez')).status).toBe(200)
  await server.close({ drainMs: 10 * 60_000 })
})

test('a drain may not take a negative time', async () => {
  const { server } = await servedShop()
  await expect(server.close({ drainMs: -1 })).rejects.toMatchObject({ code: 'invalid_duration' })
})
