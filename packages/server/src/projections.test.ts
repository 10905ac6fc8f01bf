import { IndelibleError } from 'indelible'
import { memoryStore, memoryTables } from 'indelible/memory'
import { describe, expect, test, vi } from 'vitest'
import { jsonPost, openShop, stockLevels } from '../test/shop.ts'

async function stockedShop(parts: Parameters<typeof openShop>[0] = {}) {
  const tables = memoryTables()
  const shop = openShop({ tables, ...parts })
  await shop.post('/commands/item/tea/ReceiveStock', { quantity: 20 })
  await shop.post('/commands/item/jam/ReceiveStock', { quantity: 5 })
  await shop.post('/commands/item/tea/ShipStock', { quantity: 3 })
  await shop.get('/tables/stock_levels?waitFor=3')
  return { ...shop, tables }
}

test('every projection is shown with its state in this process and in the database', async () => {
  const { get } = await stockedShop()
  await get('/tables/notes?waitFor=3')
  const { status, headers, body } = await get('/projections')
  expect(status).toBe(200)
  expect(headers.get('x-position')).toBe('3')
  expect(body.head).toMatchObject({ position: 3 })
  expect(body.projections).toMatchObject([
    {
      name: 'stock_levels',
      kind: 'projection',
      version: 1,
      fingerprint: stockLevels.table.fingerprint,
      state: 'running',
      position: 3,
      lagEvents: 0,
      staleness: { targetMs: expect.any(Number), lagMs: 0, p50Ms: expect.any(Number), p99Ms: expect.any(Number) },
      holder: expect.any(String),
      rebuild: null,
      table: {
        state: 'running',
        fingerprint: stockLevels.table.fingerprint,
        position: 3,
        parked: null,
        staging: null,
        previous: null,
      },
    },
    { name: 'notes', state: 'running', position: 3 },
  ])
  const one = await get('/projections/stock_levels')
  expect(one.headers.get('x-position')).toBe('3')
  expect(one.body).toMatchObject({ name: 'stock_levels', state: 'running', table: { position: 3 } })
})

test('if the database does not answer, the rest is still shown', async () => {
  const { get } = await stockedShop({
    tables: {
      ...memoryTables(),
      list: async () => {
        throw new IndelibleError('tables_unavailable', 'down')
      },
    },
  })
  expect(await get('/projections/stock_levels')).toMatchObject({ status: 200, body: { position: 3, table: null } })
})

test('a parked projection is shown with its event, its row and the reason', async () => {
  const { get, post } = openShop()
  await post('/commands/item/tea/TakeNote', 'park')
  await get('/tables/notes?waitFor=1')
  await vi.waitFor(async () => expect((await get('/projections/notes')).body.table.state).toBe('parked'))
  expect((await get('/projections/notes')).body).toMatchObject({
    state: 'parked',
    error: { message: 'this note cannot be shown', event: { position: 1, type: 'NoteTaken' } },
    table: { parked: { position: 1, stream: 'item-tea', row: null, message: 'this note cannot be shown' } },
  })
})

describe('a rebuild', () => {
  test('answers when the new table is in place, and keeps the old one', async () => {
    const { get, post } = await stockedShop()
    const before = (await get('/tables/stock_levels')).body.rows
    const { status, headers, body } = await post('/projections/stock_levels/rebuild')
    expect(status).toBe(200)
    expect(headers.get('x-position')).toBe('3')
    expect(body).toEqual({
      name: 'stock_levels',
      rows: 2,
      contentHash: expect.stringMatching(/^[\da-f]{64}$/),
      checkedPosition: 3,
      position: 3,
      ms: expect.any(Number),
      previousTable: 'stock_levels__previous',
    })
    expect((await get('/tables/stock_levels')).body.rows).toEqual(before)
    expect((await get('/projections/stock_levels')).body.table.previous).toMatchObject({ position: 3 })
    expect((await post('/projections/stock_levels/rebuild')).body.contentHash).toBe(body.contentHash)
  })

  test('drops the old table on request', async () => {
    const { get, post, tables } = await stockedShop()
    const { body } = await post('/projections/stock_levels/rebuild?dropPrevious=true')
    expect(body.previousTable).toBeNull()
    expect((await get('/projections/stock_levels')).body.table.previous).toBeNull()
    expect((await tables.list()).map(({ name }) => name)).toEqual(['notes', 'stock_levels'])
  })

  test('in progress reports how far it is, refuses another one, and continues without its client', async () => {
    const { app, get, post, release } = await slowShop()
    const client = new AbortController()
    const answer = app.request('/projections/stock_levels/rebuild', { ...jsonPost({}), signal: client.signal })
    await vi.waitFor(async () =>
      expect((await get('/projections/stock_levels')).body.rebuild).toMatchObject({
        phase: 'folding',
        startedAt: expect.any(String),
      }),
    )
    expect(await post('/projections/stock_levels/rebuild')).toMatchObject({
      status: 409,
      body: { type: 'urn:indelible:error:projection_busy', retryable: true },
    })
    client.abort()
    release()
    expect((await answer).status).toBe(200)
    expect((await get('/projections/stock_levels')).body).toMatchObject({ rebuild: null, table: { previous: {} } })
  })

  test('that fails in a handler says at which event', async () => {
    const { get, post } = openShop()
    await post('/commands/item/tea/TakeNote', 'park')
    const stopped = await post('/projections/notes/rebuild')
    expect(stopped).toMatchObject({
      status: 503,
      body: {
        type: 'urn:indelible:error:projection_parked',
        details: { name: 'notes', position: 1, row: null },
      },
    })
    expect(stopped.body.detail).toContain(
      'cannot handle NoteTaken of item-tea at position 1: this note cannot be shown',
    )
    expect((await get('/projections/notes')).body.rebuild).toBeNull()
  })
})

test('a check reports the rows that differ from what the log gives', async () => {
  const { get, post, tables } = await stockedShop()
  expect((await post('/projections/stock_levels/verify')).body).toEqual({
    name: 'stock_levels',
    rows: 2,
    position: 3,
    differing: 0,
    differences: [],
  })
  await post('/consumers/stock_levels/pause')
  await vi.waitFor(async () => expect((await get('/projections/stock_levels')).body.state).toBe('paused'))
  const { rows } = (await get('/tables/stock_levels?where[item_id]=tea')).body
  const upserts = [{ ...rows[0], in_stock: 999 }]
  const there = await tables.state(stockLevels.table)
  await tables.save({
    table: stockLevels.table,
    upserts,
    removals: [{ item_id: 'jam' }],
    from: there.position,
    to: there,
  })
  const { status, body } = await post('/projections/stock_levels/verify')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    rows: 1,
    differing: 2,
    differences: [
      { key: { item_id: 'jam' }, table: null, log: { in_stock: 5 } },
      { key: { item_id: 'tea' }, table: { in_stock: 999 }, log: { in_stock: 17 } },
    ],
  })
})

test('a table is checked once at a time, and a check whose client is gone ends', async () => {
  const { app, get, post, release } = await slowShop()
  const client = new AbortController()
  const verify = (init: RequestInit = {}) =>
    app.request('/projections/stock_levels/verify', { method: 'POST', ...init })
  const given = verify({ signal: client.signal })
  const answers = await Promise.all(Array.from({ length: 60 }, () => post('/projections/stock_levels/verify')))
  for (const answer of answers) {
    expect(answer).toMatchObject({
      status: 409,
      body: { type: 'urn:indelible:error:projection_busy', details: { name: 'stock_levels' }, retryable: true },
    })
    expect(answer.headers.get('retry-after')).toBe('1')
  }
  expect((await post('/projections/stock_levels/rebuild')).status).toBe(409)
  client.abort()
  release()
  expect((await given).status).toBe(503)
  expect((await get('/projections/stock_levels')).status).toBe(200)
  expect(await post('/projections/stock_levels/verify')).toMatchObject({ status: 200, body: { differing: 0 } })
})

test('a paused projection stops until it is resumed', async () => {
  const { get, post } = await stockedShop()
  expect(await post('/consumers/stock_levels/pause')).toMatchObject({
    status: 200,
    body: { name: 'stock_levels', isPaused: true },
  })
  await vi.waitFor(async () => expect((await get('/projections/stock_levels')).body.state).toBe('paused'))
  expect((await get('/health')).status).toBe(200)
  await post('/commands/item/tea/ReceiveStock', { quantity: 1 })
  // The log also records who paused it.
  expect((await get('/tables/stock_levels?waitFor=5&timeoutMs=20')).status).toBe(504)
  expect((await get('/projections/stock_levels')).body).toMatchObject({ position: 3, lagEvents: 2 })
  expect((await post('/consumers/stock_levels/resume')).body).toEqual({ name: 'stock_levels', isPaused: false })
  expect((await get('/tables/stock_levels?waitFor=5')).status).toBe(200)
})

test.each([
  ['GET', '/projections/nope'],
  ['GET', '/projections/__proto__'],
  ['POST', '/projections/nope/rebuild'],
  ['POST', '/projections/nope/rebuild?dropPrevious=true'],
  ['POST', '/projections/nope/verify'],
])('%s %s: an undeclared projection is unknown', async (method, path) => {
  const { get } = openShop()
  expect(await get(path, { method })).toMatchObject({
    status: 404,
    body: { type: 'urn:indelible:error:unknown_projection' },
  })
})

test('a flag that is neither true nor false is refused before anything is built', async () => {
  const { post, get } = await stockedShop()
  expect((await post('/projections/stock_levels/rebuild?dropPrevious=yes')).body).toMatchObject({
    type: 'urn:indelible:error:invalid_parameter',
    parameter: 'dropPrevious',
  })
  expect((await get('/projections/stock_levels')).body.table.previous).toBeNull()
})

/** A shop that has caught up, and whose next read of the log from the beginning waits until it is released. */
async function slowShop() {
  const store = memoryStore()
  let gate = Promise.resolve()
  const slow: typeof store = {
    ...store,
    async *replay(types, options) {
      await gate
      yield* store.replay(types, options)
    },
  }
  const api = { heavyPerSecond: Number.POSITIVE_INFINITY, heavyAtOnceMax: Number.POSITIVE_INFINITY }
  const shop = await stockedShop({ store: slow, api })
  const { promise, resolve: release } = Promise.withResolvers<void>()
  gate = promise
  return { ...shop, release }
}
