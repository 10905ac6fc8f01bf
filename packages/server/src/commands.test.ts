import { aggregate, defineSystem, type EventStore, event, type StreamName, startSystem } from 'indelible'
import { memoryStore } from 'indelible/memory'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { answerOf, jsonPost, openShop } from '../test/shop.ts'
import { httpApi } from './http-api.ts'

test('the answer to an accepted command says where its events are', async () => {
  const { post } = openShop()
  const { status, headers, body } = await post('/commands/item/tea/ReceiveStock', { quantity: 5 })
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe('application/json')
  expect(headers.get('x-position')).toBe('1')
  expect(headers.get('etag')).toBe('"1"')
  expect(body).toEqual({
    status: 'accepted',
    commandId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    stream: 'item-tea',
    version: 1,
    position: 1,
    recordedAt: expect.stringMatching(/Z$/),
    duplicate: false,
  })
})

test('metadata that is sent with a command is recorded with its events', async () => {
  const { post, get } = openShop()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await post(
    '/commands/item/tea/ReceiveStock',
    { quantity: 5 },
    {
      'Idempotency-Key': 'order-17',
      'X-Actor': 'ann',
      'X-Correlation-Id': 'request-3',
      'X-Valid-At': '2025-12-24',
      traceparent,
    },
  )
  const { body } = await get('/streams/item-tea')
  expect(body.events[0].validAt).toBe('2025-12-24')
  expect(body.events[0].metadata).toMatchObject({
    commandId: 'order-17',
    actor: 'ann',
    correlationId: 'request-3',
    traceparent,
  })
})

test('a key that begins with "$" is refused: a saga could take it for its own', async () => {
  const { post, get } = openShop()
  const headers = { 'Idempotency-Key': '$saga.fulfilment-o1:item:do' }
  const { status, body } = await post('/commands/item/tea/ReceiveStock', { quantity: 5 }, headers)
  expect({ status, type: body.type }).toEqual({ status: 400, type: 'urn:indelible:error:reserved_name' })
  expect((await get('/streams/item-tea')).status).toBe(404)
})

test.each([
  'nonsense',
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
  'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more',
  '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
])('a malformed traceparent is ignored: %s', async (traceparent) => {
  const { post, get } = openShop()
  expect((await post('/commands/item/tea/ReceiveStock', { quantity: 5 }, { traceparent })).status).toBe(200)
  expect((await get('/streams/item-tea')).body.events[0].metadata).not.toHaveProperty('traceparent')
})

test('a command that is sent again with its key is carried out once', async () => {
  const { post } = openShop()
  const send = () => post('/commands/item/tea/ReceiveStock', { quantity: 5 }, { 'Idempotency-Key': 'k' })
  const [first, second] = [await send(), await send()]
  expect(first.body.duplicate).toBe(false)
  expect(second).toMatchObject({ status: 200, body: { ...first.body, duplicate: true } })
})

test('a key that was used for another aggregate is refused', async () => {
  const { post } = openShop()
  await post('/commands/item/tea/ReceiveStock', { quantity: 5 }, { 'Idempotency-Key': 'k' })
  const { status, body } = await post('/commands/item/jam/ReceiveStock', { quantity: 5 }, { 'Idempotency-Key': 'k' })
  expect(status).toBe(422)
  expect(body.type).toBe('urn:indelible:error:command_id_reused')
})

test('a refusal is a problem with the reason and the details', async () => {
  const { post } = openShop()
  const { status, headers, body } = await post('/commands/item/tea/ShipStock', { quantity: 5 })
  expect(status).toBe(422)
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(body).toEqual({
    type: 'urn:indelible:refusal:Out%20of%20stock',
    title: 'Refused: Out of stock',
    status: 422,
    detail: 'ShipStock was refused for item-tea at version 0: Out of stock.',
    reason: 'Out of stock',
    details: { inStock: 0 },
    stream: 'item-tea',
    version: 0,
    commandId: expect.any(String),
  })
})

test('If-Match accepts a command only at that version', async () => {
  const { post } = openShop()
  const receive = (version: string) => post('/commands/item/tea/ReceiveStock', { quantity: 5 }, { 'If-Match': version })
  expect((await receive('"0"')).status).toBe(200)
  const { status, body } = await receive('"0"')
  expect(status).toBe(412)
  expect(body).toMatchObject({
    type: 'urn:indelible:error:version_mismatch',
    stream: 'item-tea',
    version: 1,
    expectedVersion: 0,
  })
  expect((await receive('"1"')).body.version).toBe(2)
})

test.each(['1', '*', 'W/"1"', '"1", "2"', '"-1"', '"99999999999999999"', '""'])(
  'an If-Match that does not name exactly one version is refused: %s',
  async (value) => {
    const { post } = openShop()
    const { status, body } = await post('/commands/item/tea/ReceiveStock', { quantity: 5 }, { 'If-Match': value })
    expect(status).toBe(400)
    expect(body).toMatchObject({ type: 'urn:indelible:error:invalid_parameter', parameter: 'If-Match' })
  },
)

test('a command that others always overtake is a conflict', async () => {
  const store = memoryStore()
  const busy: EventStore = {
    ...store,
    append: async () => ({
      status: 'conflict',
      conflict: { cause: 'version', stream: 'item-tea' as StreamName, expected: 0, actual: 1 },
    }),
  }
  const { post } = openShop({ store: busy })
  const { status, body } = await post('/commands/item/tea/ReceiveStock', { quantity: 5 })
  expect(status).toBe(409)
  expect(body).toMatchObject({ type: 'urn:indelible:error:overtaken', stream: 'item-tea' })
})

test('an input that does not fit its schema is refused with every issue', async () => {
  const { post } = openShop()
  const { status, body } = await post('/commands/item/tea/ReceiveStock', { quantity: 'five' })
  expect(status).toBe(400)
  expect(body.type).toBe('urn:indelible:error:invalid_command')
  expect(body.details.issues).toEqual([{ path: 'quantity', message: expect.any(String) }])
})

test('an issue names the path in nested members, lists and unions', async () => {
  const input = z.object({
    lines: z.array(z.object({ product: z.object({ id: z.string() }) })),
    payment: z.union([z.object({ card: z.string() }), z.object({ cash: z.object({ cents: z.int() }) })]),
    shipping: z.discriminatedUnion('by', [z.object({ by: z.literal('post'), days: z.int() })]),
  })
  const Listed = event('Listed', z.object({}))
  const List = aggregate('list', { initialState: {} })
    .on(Listed, (state) => state)
    .command('List', { input, emits: [Listed], decide: () => Listed({}) })
  const running = startSystem(defineSystem({ name: 'lists', commands: [List] }))
  onTestFinished(() => running.close())
  const wrong = {
    lines: [{ product: { id: 'tea' } }, { product: { id: 5 } }],
    payment: { cash: { cents: 'ten' } },
    shipping: { by: 'post', days: 'two' },
  }
  const { status, body } = await answerOf(await httpApi(running).request('/commands/list/1/List', jsonPost(wrong)))
  expect(status).toBe(400)
  expect(body.details.issues.map(({ path }: { path: string }) => path)).toEqual([
    'lines.1.product.id',
    'payment',
    'payment.card',
    'payment.cash.cents',
    'shipping.days',
  ])
  expect(body.detail).toMatch(/lines\.1\.product\.id: .*payment\.cash\.cents: /)
})

test('an undeclared command is unknown', async () => {
  const { post } = openShop()
  for (const path of ['/commands/item/tea/Nope', '/commands/nope/tea/ReceiveStock', '/commands/item/tea/toString']) {
    const { status, body } = await post(path, { quantity: 5 })
    expect(status).toBe(404)
    expect(body.type).toBe('urn:indelible:error:unknown_command')
  }
})

/** As a client sends it, and as HTTP passes it on: one character for each byte. */
const asBytes = (text: string) => Buffer.from(text).toString('latin1')

test('header values are read as UTF-8 and recorded so', async () => {
  const { post, get } = openShop()
  const send = (headers: Record<string, string>) => post('/commands/item/tea/ReceiveStock', { quantity: 5 }, headers)
  const said = { 'Idempotency-Key': 'заказ-17', 'X-Actor': 'Jürg 😀', 'X-Correlation-Id': '要求-3' }
  const headers = Object.fromEntries(Object.entries(said).map(([name, text]) => [name, asBytes(text)]))
  expect((await send(headers)).body.commandId).toBe('заказ-17')
  expect((await get('/streams/item-tea')).body.events[0].metadata).toMatchObject({
    commandId: 'заказ-17',
    actor: 'Jürg 😀',
    correlationId: '要求-3',
  })
  expect((await send(headers)).body.duplicate).toBe(true)
})

test.each(['Idempotency-Key', 'X-Actor', 'X-Correlation-Id'])('%s has at most 512 bytes of UTF-8', async (name) => {
  const { post } = openShop()
  const send = (text: string) => post('/commands/item/tea/ReceiveStock', { quantity: 5 }, { [name]: asBytes(text) })
  for (const text of ['k'.repeat(512), 'é'.repeat(256), '😀'.repeat(128)]) {
    expect(await send(text)).toMatchObject({ status: 200 })
  }
  for (const text of ['k'.repeat(513), `${'é'.repeat(256)}k`, 'é'.repeat(400), '😀'.repeat(129)]) {
    expect(await send(text)).toMatchObject({
      status: 400,
      body: { type: 'urn:indelible:error:invalid_parameter', parameter: name },
    })
  }
})

test.each([
  ['X-Valid-At', '2025-02-31', 'invalid_time'],
  // As Latin-1, which is not UTF-8.
  ['Idempotency-Key', 'é'.repeat(400), 'invalid_parameter'],
  ['X-Actor', 'Jürg', 'invalid_parameter'],
  ['X-Valid-At', 'yesterday', 'invalid_time'],
  ['Idempotency-Key', 'k'.repeat(513), 'invalid_parameter'],
  ['Idempotency-Key', '', 'invalid_parameter'],
])('a header with an invalid value is refused: %s', async (name, value, code) => {
  const { post } = openShop()
  const { status, body } = await post('/commands/item/tea/ReceiveStock', { quantity: 5 }, { [name]: value })
  expect(status).toBe(400)
  expect(body.type).toBe(`urn:indelible:error:${code}`)
})

test.each(['a/b', 'ü', '100%', 'a b', '%2F', 'a-b', '?&#', '日本'])('an id may be any text: %s', async (id) => {
  const { post, get } = openShop()
  const path = `/commands/item/${encodeURIComponent(id)}/ReceiveStock`
  expect((await post(path, { quantity: 5 })).body.stream).toBe(`item-${id}`)
  expect((await get(`/aggregates/item/${encodeURIComponent(id)}`)).body).toMatchObject({ id, version: 1 })
  expect((await get(`/streams/${encodeURIComponent(`item-${id}`)}`)).body.stream).toBe(`item-${id}`)
})

test('an id that cannot be part of a stream name is refused', async () => {
  const { post } = openShop()
  const control = await post('/commands/item/a%07b/ReceiveStock', { quantity: 5 })
  expect(control).toMatchObject({ status: 400, body: { type: 'urn:indelible:error:invalid_stream_name' } })
  const malformed = await post('/commands/item/%ff/ReceiveStock', { quantity: 5 })
  expect(malformed).toMatchObject({ status: 400, body: { type: 'urn:indelible:error:malformed_url' } })
})
