import { IndelibleError, type ReadTables } from 'indelible'
import { memoryTables } from 'indelible/memory'
import { operations } from 'indelible/operations'
import { expect, test, vi } from 'vitest'
import { openShop } from '../test/shop.ts'
import { retryAfterSeconds } from './limits.ts'

const { limit, timeoutMs, after } = operations.selectRows.parameters
const { maximum: pageMax } = limit!.schema as { maximum: number }
const { maximum: waitMsMax } = timeoutMs!.schema as { maximum: number }
const { maxLength: cursorCharactersMax } = after!.schema as { maxLength: number }

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

test('the number of waiting requests is limited; one that ends makes room', async () => {
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

test('a table is read in the order of its key, with its position', async () => {
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
  ['orderBy=in_stock', ['bread', 'jam', 'Öl', 'tea']],
  ['orderBy=-in_stock', ['tea', 'Öl', 'jam', 'bread']],
  ['orderBy=limit,-low,in_stock', ['bread', 'jam', 'Öl', 'tea']],
  ['orderBy=-item_id&where[item_id][in]=tea&where[item_id][in]=jam&where[item_id][in]=bread', ['tea', 'jam', 'bread']],
])('the links lead through the table by %s', async (query, expected) => {
  const { get } = await stockedShop()
  for (const limit of [1, 2, 3]) {
    const ids: string[] = []
    for (let next = `/tables/stock_levels?${query}&limit=${limit}`; next !== null; ) {
      const { status, body } = await get(next)
      expect(status).toBe(200)
      ids.push(...body.rows.map((row: { item_id: string }) => row.item_id))
      next = body.next
    }
    expect(ids).toEqual(expected)
  }
})

test('a cursor is refused in another order, and the error says in which order it can be used', async () => {
  const { get } = await stockedShop()
  const { body } = await get('/tables/stock_levels?orderBy=-in_stock&limit=2')
  const after = new URL(body.next, 'http://shop').searchParams.get('after')
  for (const query of ['', '&orderBy=in_stock', '&orderBy=-low']) {
    const refused = await get(`/tables/stock_levels?after=${after}${query}`)
    expect(refused).toMatchObject({
      status: 400,
      body: { type: 'urn:indelible:error:invalid_parameter', parameter: 'after' },
    })
    expect(refused.body.detail).toContain('is a cursor of the order -in_stock,-item_id, not ')
  }
  // The key columns follow implicitly, so this is the same order.
  expect((await get(`/tables/stock_levels?after=${after}&orderBy=-in_stock,-item_id`)).status).toBe(200)
})

test('a row whose values would make the cursor too long does not end a page, and a longer cursor is refused', async () => {
  const row = (limit: string) => ({ item_id: 'tea', in_stock: 1, low: true, deliveries: 1, last_seen: null, limit })
  const rows = [row('x'.repeat(cursorCharactersMax)), row('y')]
  const tables: ReadTables = { ...memoryTables(), select: async (_table, { limit } = {}) => rows.slice(0, limit) }
  const { get } = openShop({ tables })
  expect(await get('/tables/stock_levels?limit=1&orderBy=limit')).toMatchObject({
    status: 400,
    body: { type: 'urn:indelible:error:invalid_parameter', parameter: 'orderBy' },
  })
  for (const query of ['limit=2&orderBy=limit', 'limit=1']) {
    expect((await get(`/tables/stock_levels?${query}`)).status).toBe(200)
  }
  const long = await get(`/tables/stock_levels?after=${'a'.repeat(cursorCharactersMax + 1)}`)
  expect(long).toMatchObject({ status: 400, body: { parameter: 'after' } })
})

test('a refusal names the parameter that was given', async () => {
  const { get } = await stockedShop()
  for (const parameter of ['where[in_stock][gte]', 'where[in_stock]', 'where[low][isNull]', 'where[nope][lt]']) {
    const { body } = await get(`/tables/stock_levels?${parameter}=true`)
    expect(body.parameter).toBe(parameter)
  }
})

test.each([
  ['where[in_stock]=5', ['bread', 'jam']],
  ['where[in_stock]=5&where[item_id]=jam', ['jam']],
  ['where[deliveries]=1&where[low]=false', ['tea']],
  ['where[last_seen]=2026-01-31', ['bread', 'jam', 'tea', 'Öl']],
  ['where[last_seen]=2026-02-01', []],
  ['where[limit]=x', []],
  [`where[item_id]=${encodeURIComponent('Öl')}`, ['Öl']],
  ['where[in_stock][gte]=7', ['tea', 'Öl']],
  ['where[in_stock][gt]=5&where[in_stock][lt]=20', ['Öl']],
  ['where[in_stock][eq]=5&where[item_id][ne]=jam', ['bread']],
  ['where[item_id][in]=jam&where[item_id][in]=tea&where[item_id][in]=x', ['jam', 'tea']],
  ['where[item_id][notIn]=jam&where[item_id][notIn]=tea&where[low]=true', ['bread', 'Öl']],
  ['where[limit][isNull]=true', ['bread', 'jam', 'tea', 'Öl']],
  ['where[limit][isNull]=false', []],
  ['where[limit][ne]=x', ['bread', 'jam', 'tea', 'Öl']],
  ['where[limit][ne]=x&where[limit][isNull]=false', []],
  ['where[low][ne]=true', ['tea']],
  ['orderBy=-item_id', ['Öl', 'tea', 'jam', 'bread']],
  ['orderBy=in_stock', ['bread', 'jam', 'Öl', 'tea']],
  ['orderBy=-in_stock', ['tea', 'Öl', 'jam', 'bread']],
  ['orderBy=low,-in_stock,item_id', ['tea', 'Öl', 'bread', 'jam']],
  ['orderBy=limit', ['bread', 'jam', 'tea', 'Öl']],
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
  ['where[in_stock]=5&where[in_stock][eq]=5', 'invalid_parameter'],
  ['where[limit]=x&where[limit][isNull]=true', 'invalid_parameter'],
  ['where[in_stock][like]=5', 'invalid_parameter'],
  ['where[in_stock][__proto__]=5', 'invalid_parameter'],
  ['where[in_stock][gte]=five', 'invalid_parameter'],
  ['where[in_stock][in]=5&where[in_stock][in]=five', 'invalid_parameter'],
  ['where[in_stock][gte]=5&where[in_stock][gte]=5', 'invalid_parameter'],
  ['where[in_stock][gte][lt]=5', 'invalid_parameter'],
  ['where[low][lt]=true', 'invalid_parameter'],
  ['where[low][isNull]=true', 'invalid_parameter'],
  ['where[limit][isNull]=yes', 'invalid_parameter'],
  ['orderBy=', 'invalid_parameter'],
  ['orderBy=nope', 'invalid_parameter'],
  ['orderBy=--low', 'invalid_parameter'],
  ['orderBy=low,low', 'invalid_parameter'],
  ['orderBy=low&orderBy=low', 'invalid_parameter'],
  ['orderBy=extras', 'invalid_parameter'],
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
  [`after=${btoa('["a"]')}`, 'invalid_parameter'],
  [`after=${btoa('["item_id"]')}`, 'invalid_parameter'],
  [`after=${btoa('["item_id","a","b"]')}`, 'invalid_parameter'],
  [`after=${btoa('["item_id",1]')}`, 'invalid_parameter'],
  [`after=${btoa('["item_id",null]')}`, 'invalid_parameter'],
  [`after=${btoa('{"length":1}')}`, 'invalid_parameter'],
])('%s is refused', async (query, code) => {
  const { get } = await stockedShop()
  const { status, body } = await get(`/tables/stock_levels?${query}`)
  expect([status, body.type]).toEqual([400, `urn:indelible:error:${code}`])
})

test('a wait that times out says how far the table is and when to ask again', async () => {
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

test('a header can say what to wait for', async () => {
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

test('an invalid row in the table is a fault of the server, and its message stays inside', async () => {
  const refuse = async () => {
    throw new IndelibleError('invalid_row', 'somebody wrote 2^63-1')
  }
  const onError = vi.fn()
  const tables: ReadTables = { ...memoryTables(), select: refuse, scan: refuse, bulkLoad: refuse }
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

test('an undeclared table is unknown', async () => {
  const { get } = openShop()
  for (const name of ['nope', 'toString', '__proto__']) {
    expect(await get(`/tables/${name}`)).toMatchObject({
      status: 404,
      body: { type: 'urn:indelible:error:unknown_projection' },
    })
  }
})

test('a table is read as it was, a row has a blame, and two points are compared', async () => {
  const { get, post } = await stockedShop()
  await post('/commands/item/tea/ReceiveStock', { quantity: 1 })
  const then = await get('/tables/stock_levels?position=1')
  expect(then.body.rows.map((row: { item_id: string }) => row.item_id)).toEqual(['tea'])
  const { body } = await get('/tables/stock_levels/blame?key[item_id]=tea&field=in_stock')
  expect(body.fields).toMatchObject([{ field: 'in_stock', value: 1, before: 20, cause: { event: 'StockReceived' } }])
  expect((await get('/tables/stock_levels/history?key[item_id]=tea&field=in_stock')).body.changes).toHaveLength(2)
  const diff = await get('/tables/stock_levels/diff?from=position:4')
  expect(diff.body).toMatchObject({ added: [], removed: [], changed: [{ key: { item_id: 'tea' } }] })
  expect((await get('/aggregates/item/tea/blame')).body.fields[0].cause).toMatchObject({ stream: 'item-tea' })
})
