import type { EventStore, StoreHealth } from 'indelible'
import { memoryStore, memoryTables } from 'indelible/memory'
import { expect, test, vi } from 'vitest'
import { openShop } from '../test/shop.ts'

test('a system in which everything runs is healthy', async () => {
  const { get, post } = openShop()
  await post('/commands/item/tea/ReceiveStock', { quantity: 5 })
  await get('/tables/stock_levels?waitFor=1')
  const { status, headers, body } = await get('/health')
  expect(status).toBe(200)
  expect(headers.get('x-position')).toBe('1')
  expect(body).toMatchObject({
    status: 'ok',
    head: { position: 1 },
    store: { canWrite: true, refusedAppends: {} },
    consumers: [
      { name: 'stock_levels', state: 'running', position: 1, lagEvents: 0 },
      { name: 'notes', state: 'running' },
      { name: 'fulfilment', kind: 'saga', state: 'running', needsIntervention: [] },
      { name: '$schedule', kind: 'saga', state: 'running', needsIntervention: [] },
    ],
  })
})

test('a parked table degrades the system, and health says at which event', async () => {
  const { get, post } = openShop()
  await post('/commands/item/tea/TakeNote', 'park')
  await get('/tables/notes?waitFor=1')
  const { status, headers, body } = await get('/health')
  expect(status).toBe(503)
  expect(headers.get('content-type')).toBe('application/json')
  expect(body.status).toBe('degraded')
  expect(body.consumers[1]).toMatchObject({
    state: 'parked',
    error: { message: 'this note cannot be shown', event: { position: 1, type: 'NoteTaken', stream: 'item-tea' } },
  })
})

test('a table whose database does not answer degrades the system', async () => {
  const unavailable = async () => {
    throw new Error('down')
  }
  const { get } = openShop({ tables: { ...memoryTables(), open: unavailable } })
  await vi.waitFor(async () => expect((await get('/health')).body.consumers[0].state).toBe('retrying'))
  expect(await get('/health')).toMatchObject({ status: 503, body: { status: 'degraded' } })
})

function storeThatSays(health: StoreHealth): EventStore {
  return { ...memoryStore(), health: async () => health }
}

test('a store that cannot write degrades the system, and health says why, since when, and how many appends it refused', async () => {
  const error = { code: 'store_full', message: 'There is no space left: /data/log/00000001.log' } as const
  const store = {
    canWrite: false,
    error,
    since: '2026-01-31T00:00:00.000Z',
    refusedAppends: { store_full: 2 },
  } as const
  const { get } = openShop({ store: storeThatSays(store) })
  expect(await get('/health')).toMatchObject({ status: 503, body: { status: 'degraded', store } })
})

test('a store that was opened for reading is healthy although it cannot write', async () => {
  const error = { code: 'store_read_only', message: 'The log in /data/log was opened for reading only.' } as const
  const store = { canWrite: false, error, since: '2026-01-31T00:00:00.000Z', refusedAppends: {} } as const
  const { get } = openShop({ store: storeThatSays(store) })
  expect(await get('/health')).toMatchObject({ status: 200, body: { status: 'ok', store } })
})

test('a closed system answers with a problem', async () => {
  const { get, running } = openShop({ api: { onError: () => {} } })
  await running.close()
  expect(await get('/health')).toMatchObject({ status: 503, body: { type: 'urn:indelible:error:store_closed' } })
})
