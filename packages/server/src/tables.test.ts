import { IndelibleError, type ReadTables } from 'indelible'
import { memoryTables } from 'indelible/memory'
import { operations } from 'indelible/operations'
import { expect, test, vi } from 'vitest'
import { openShop } from '../test/shop.ts'
import { retryAfterSeconds } from './limits.ts'

const { limit, timeoutMs } = operations.selectRows.parameters
const { maximum: pageMax } = limit!.schema as { maximum: number }
const { maximum: waitMsMax } = timeoutMs!.schema as { maximum: number }

async function stockedShop() {
  const shop = openShop()
  let position = '0'
  for (const [id, quantity] of [
    ['tea', 20],
    ['jam', 5],
    ['bread', 5],
    ['Öl', 7],
  ]) {
    const { headers } = await shop.post(`/commands/item/${id}/ReceiveStock`, { quantity })
    position = headers.get('x-position')!
  }
  await shop.get(`/tables/stock_levels?waitFor=${position}`)
  return shop
}

test('only so many requests wait at once; one that is over makes room', async () => {
  const { get } = openShop()
  const stop = new AbortController()
  const waiting = (path: string) => get(path, { signal: stop.signal })
  const tables = Array.from({ length: 250 }, () => waiting('/tables/stock_levels?waitFor=99&timeoutMs=30000'))
  const sagas = Array.from({ length: 250 }, () => waiting('/sagas/fulfilment/o1?waitMs=30000'))
  for (const path of ['/tables/stock_levels?waitFor=99&timeoutMs=30000', '/sagas/fulfilment/o1?waitMs=30000']) {
    const { status, headers, body } = await get(path)
    expect([status, body.type]).toEqual([503, 'urn:indelible:error:too_many_waits'])
    expect(headers.get('retry-after')).toBe('1')
  }
  expect((await get('/tables/stock_levels')).status).toBe(200)
  expect((await get('/sagas/fulfilment/o1')).status).toBe(404)
  stop.abort()
  await Promise.all([...tables, ...sagas])
  expect((await get('/tables/stock_levels?waitFor=99&timeoutMs=1')).status).toBe(504)
})

test('a table is read in the order of its key, with how far it is', async () => {
  const { get } = await stockedShop()
  const { status, headers, body } = await get('/tables/stock_levels')
  expect(status).toBe(200)
  expect(headers.get('x-position')).toBe('4')
  expect(body).toMatchObject({ table: 'stock_levels', position: 4, next: null })
  expect(body.rows.map((row: { item_id: string }) => row.item_id)).toEqual(['bread', 'jam', 'tea', 'Öl'])
  expect(body.rows[2]).toEqual({
    item_id: 'tea',
    in_stock: 20,
    low: false,
    deliveries: 1,
    last_seen: '2026-01-31',
    limit: null,
    extras: { colour: 'red' },
  })
})

test('a read that waits for a position sees what was just written', async () => {
  const { get, post } = openShop()
  for (let quantity = 1; quantity <= 20; quantity++) {
    const { headers } = await post(`/commands/item/tea/ReceiveStock`, { quantity })
    const { body } = await get(`/tables/stock_levels?waitFor=${headers.get('x-position')}`)
    expect(body.rows[0].in_stock).toBe(quantity)
    expect(body.position).toBeGreaterThanOrEqual(quantity)
  }
})

test('the links lead through the whole table and keep the filters', async () => {
  const { get } = await stockedShop()
  const ids: string[][] = []
  for (let next = '/tables/stock_levels?limit=2&where[low]=true&waitFor=4&timeoutMs=100'; next !== null; ) {
    const { body } = await get(next)
    ids.push(body.rows.map((row: { item_id: string }) => row.item_id))
    next = body.next
    expect(next ?? '').not.toMatch(/waitFor|timeoutMs/)
  }
  expect(ids).toEqual([['bread', 'jam'], ['Öl']])
})

test.each([
  ['where[in_stock]=5', ['bread', 'jam']],
  ['where[in_stock]=5&where[item_id]=jam', ['jam']],
  ['where[deliveries]=1&where[low]=false', ['tea']],
  ['where[last_seen]=2026-01-31', ['bread', 'jam', 'tea', 'Öl']],
  ['where[last_seen]=2026-02-01', []],
  ['where[limit]=x', []],
  [`where[item_id]=${encodeURIComponent('Öl')}`, ['Öl']],
])('rows are filtered by %s', async (filter, expected) => {
  const { get } = await stockedShop()
  const { status, body } = await get(`/tables/stock_levels?${filter}`)
  expect(status).toBe(200)
  expect(body.rows.map((row: { item_id: string }) => row.item_id)).toEqual(expected)
})

test.each([
  ['where[nope]=1', 'invalid_parameter'],
  ['where[__proto__]=1', 'invalid_parameter'],
  ['where[in_stock]=five', 'invalid_parameter'],
  ['where[in_stock]=', 'invalid_parameter'],
  ['where[deliveries]=99999999999', 'invalid_parameter'],
  ['where[low]=yes', 'invalid_parameter'],
  ['where[last_seen]=2026-02-30', 'invalid_parameter'],
  ['where[extras]={}', 'invalid_parameter'],
  ['where[low]=true&where[low]=false', 'invalid_parameter'],
  ['item_id=tea', 'invalid_parameter'],
  ['where[]=tea', 'invalid_parameter'],
  ['limit=0', 'invalid_parameter'],
  [`limit=${pageMax + 1}`, 'invalid_parameter'],
  [`timeoutMs=${waitMsMax + 1}&waitFor=1`, 'invalid_parameter'],
  ['waitFor=now', 'invalid_parameter'],
  ['after=', 'invalid_parameter'],
  ['after=%00', 'invalid_parameter'],
  ['after=nonsense', 'invalid_parameter'],
  [`after=${btoa('[]')}`, 'invalid_parameter'],
  [`after=${btoa('["a","b"]')}`, 'invalid_parameter'],
  [`after=${btoa('{"length":1}')}`, 'invalid_parameter'],
  [`after=${btoa('[1]')}`, 'invalid_parameter'],
  [`after=${btoa('[null]')}`, 'invalid_parameter'],
])('%s is refused', async (query, code) => {
  const { get } = await stockedShop()
  const { status, body } = await get(`/tables/stock_levels?${query}`)
  expect([status, body.type]).toEqual([400, `urn:indelible:error:${code}`])
})

test('a wait that runs out says how far the table is and when to ask again', async () => {
  const { get } = await stockedShop()
  const { status, headers, body } = await get('/tables/stock_levels?waitFor=99&timeoutMs=20')
  expect(status).toBe(504)
  expect(headers.get('retry-after')).toBe(String(retryAfterSeconds))
  expect(headers.get('x-position')).toBe('4')
  expect(body).toMatchObject({
    type: 'urn:indelible:error:wait_timeout',
    retryable: true,
    details: { position: 99, reached: 4, timeoutMs: 20 },
  })
})

test('what to wait for may stand in a header', async () => {
  const { get, post } = openShop()
  for (let quantity = 1; quantity <= 20; quantity++) {
    const { headers } = await post(`/commands/item/tea/ReceiveStock`, { quantity })
    const { body } = await get('/tables/stock_levels', { headers: { 'X-Wait-For': headers.get('x-position')! } })
    expect(body.rows[0].in_stock).toBe(quantity)
  }
  const late = await get('/tables/stock_levels?timeoutMs=20', { headers: { 'X-Wait-For': '99' } })
  expect(late).toMatchObject({ status: 504, body: { details: { position: 99, reached: 20 } } })
})

test.each([
  ['/tables/stock_levels?waitFor=1', '1'],
  ['/tables/stock_levels', 'now'],
  ['/tables/stock_levels', '-1'],
])('%s with the header X-Wait-For: %s is refused', async (path, header) => {
  const { get } = await stockedShop()
  expect(await get(path, { headers: { 'X-Wait-For': header } })).toMatchObject({
    status: 400,
    body: { type: 'urn:indelible:error:invalid_parameter', parameter: 'X-Wait-For' },
  })
})

test('a wait for a parked table says where and why it is parked', async () => {
  const { get, post } = openShop()
  await post('/commands/item/tea/TakeNote', 'first')
  await post('/commands/item/tea/TakeNote', 'park')
  const { status, headers, body } = await get('/tables/notes?waitFor=2')
  expect(status).toBe(503)
  expect(headers.has('retry-after')).toBe(false)
  expect(body).toMatchObject({
    type: 'urn:indelible:error:projection_parked',
    retryable: false,
    details: { name: 'notes', position: 2 },
  })
  expect(body.detail).toContain('this note cannot be shown')
  expect((await get('/tables/notes')).body).toMatchObject({ position: 1, rows: [{ note: '"first"' }] })
})

test('a wait ends when the client goes away', async () => {
  const { app } = await stockedShop()
  const client = new AbortController()
  const answer = app.request('/tables/stock_levels?waitFor=99', { signal: client.signal })
  client.abort()
  expect((await answer).status).toBe(503)
})

test('a database that does not answer is unavailable, and its message stays inside', async () => {
  const onError = vi.fn()
  const broken: ReadTables = {
    ...memoryTables(),
    select: async () => {
      throw new IndelibleError('tables_unavailable', 'postgres://admin:secret@db refused')
    },
  }
  const { get } = openShop({ tables: broken, api: { onError } })
  const { status, headers, body } = await get('/tables/stock_levels')
  expect(status).toBe(503)
  expect(headers.get('retry-after')).toBe(String(retryAfterSeconds))
  expect(body.type).toBe('urn:indelible:error:tables_unavailable')
  expect(JSON.stringify(body)).not.toContain('secret')
  expect(onError).toHaveBeenCalledOnce()
})

test('a row that does not fit its table is a fault of the server, and its message stays inside', async () => {
  const refuse = async () => {
    throw new IndelibleError('invalid_row', 'somebody wrote 2^63-1')
  }
  const onError = vi.fn()
  const tables: ReadTables = { ...memoryTables(), select: refuse, scan: refuse, fill: refuse }
  const { get, post } = openShop({ tables, api: { onError } })
  const answers = [
    await get('/tables/stock_levels'),
    await post('/projections/stock_levels/verify'),
    await post('/projections/stock_levels/rebuild'),
  ]
  for (const { status, body } of answers) {
    expect([status, body.type]).toEqual([500, 'urn:indelible:error:invalid_row'])
    expect(JSON.stringify(body)).not.toContain('2^63')
  }
  expect(onError).toHaveBeenCalledTimes(3)
})

test('a table that is not declared is unknown', async () => {
  const { get } = openShop()
  for (const name of ['nope', 'toString', '__proto__']) {
    expect(await get(`/tables/${name}`)).toMatchObject({
      status: 404,
      body: { type: 'urn:indelible:error:unknown_projection' },
    })
  }
})
