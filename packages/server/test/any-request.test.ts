// A request with any values is answered, or refused with a status that says what is wrong with it. It never causes a fault of the server.
import fc, { type Arbitrary } from 'fast-check'
import { expect, test, vi } from 'vitest'
import { httpErrors } from '../src/problems.ts'
import { operationRoutes } from '../src/routes.ts'
import { openShop } from './shop.ts'

/** Problems without any fault of the client or the server: a parked projection, a wait that timed out. */
const unavailable = ['urn:indelible:error:projection_parked', 'urn:indelible:error:wait_timeout']

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed()),
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e9',
    '9007199254740991',
    '9007199254740992',
    '9'.repeat(16),
    'null',
    '__proto__',
    'saga.x',
  ),
  fc.constantFrom(
    '0000-01-01',
    '9999-12-31',
    '9999-12-31T23:59:59-23:59',
    '2026-02-30',
    '2026-01-01T24:00:00Z',
    '"3"',
    '"0"',
  ),
  fc
    .tuple(
      fc.constantFrom('a', 'é', '€', '😀', '%'),
      fc.oneof(fc.integer({ min: 1, max: 1_200 }), fc.constantFrom(256, 257, 512, 513)),
    )
    .map(([unit, count]) => unit.repeat(count)),
)
/** Mostly values that pass the first checks, so that all checks are reached. */
const mostly = (...good: readonly string[]) => fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...good) }, anyText)

const id = mostly('tea', 'o1').map(encodeURIComponent)
const segment = (...good: readonly string[]) =>
  fc.oneof(
    { weight: 30, arbitrary: mostly(...good).map(encodeURIComponent) },
    fc.constantFrom('%', '%ff', '%c3%28', '%00', '%2e', '%2E%2e', '%ed%a0%80', '..', '~'),
  )
const path = (...segments: readonly (string | Arbitrary<string>)[]) =>
  fc
    .tuple(...segments.map((each) => (typeof each === 'string' ? fc.constant(each) : each)))
    .map((all) => `/${all.join('/')}`)
const table = segment('stock_levels', 'notes')
const cursor = fc.json().map((json) => Buffer.from(json.toWellFormed()).toString('base64url'))
const oneParameter = (name: string) => fc.tuple(fc.constant(name), mostly('1', '2026-12-24'))
const filter = (column: string, ...good: readonly string[]) =>
  fc.tuple(fc.constant(`where[${column}]`), mostly(...good))

/** A path and its parameters. */
const routes = [
  {
    method: 'POST',
    path: path('commands', segment('item'), id, segment('ReceiveStock', 'TakeNote', 'ShipStock', 'Assemble')),
    query: [],
  },
  { method: 'POST', path: path('commands', segment('order'), id, segment('PlaceOrder')), query: [] },
  {
    method: 'GET',
    path: path('aggregates', segment('item', 'order'), id),
    query: ['version', 'position', 'recordedAt', 'validAt'].map(oneParameter),
  },
  {
    method: 'GET',
    path: path('streams', segment('item-tea', 'order-o1', 'item-jam')),
    query: [
      ...['from', 'limit'].map(oneParameter),
      fc.tuple(fc.constant('direction'), mostly('forwards', 'backwards')),
    ],
  },
  {
    method: 'GET',
    path: path('tables', table),
    query: [
      ...['limit', 'waitFor', 'after'].map(oneParameter),
      fc.tuple(fc.constant('after'), cursor),
      fc.tuple(
        fc.constant('after'),
        anyText.map((key) => Buffer.from(JSON.stringify([key])).toString('base64url')),
      ),
      filter('item_id', 'tea'),
      filter('in_stock', '5'),
      filter('low', 'true'),
      filter('deliveries', '1'),
      filter('last_seen', '2026-01-31'),
      filter('extras', '{}'),
      filter('in_stock][gte', '5'),
      filter('in_stock][in', '5'),
      filter('item_id][notIn', 'tea'),
      filter('limit][isNull', 'true', 'false'),
      fc.tuple(fc.constant('orderBy'), mostly('-in_stock', 'low,-item_id', 'limit')),
      filter('__proto__', '1'),
    ],
  },
  { method: 'GET', path: path('sagas', segment('fulfilment'), id), query: [] },
  { method: 'POST', path: path('sagas', segment('fulfilment'), id, 'resume'), query: [] },
  {
    method: 'POST',
    path: path('projections', table, fc.constantFrom('rebuild', 'verify', 'pause', 'resume')),
    query: [fc.tuple(fc.constant('dropPrevious'), mostly('true', 'false'))],
  },
]
const anyParameter = fc.tuple(anyText, anyText)
const asked = fc.oneof(
  ...routes.map(({ method, path, query }) =>
    fc.record({
      method: fc.constant(method),
      path,
      query: fc.array(fc.oneof(...query.map((arbitrary) => ({ weight: 20, arbitrary })), anyParameter), {
        maxLength: query.length > 0 ? 2 : 0,
      }),
    }),
  ),
)

/** One character for each byte, as HTTP passes headers on; not all of them are UTF-8. */
const headerValue = fc.oneof(
  { weight: 3, arbitrary: anyText.map((text) => Buffer.from(text).toString('latin1')) },
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) }),
)
const headers = fc.dictionary(
  fc.constantFrom(
    'Idempotency-Key',
    'X-Actor',
    'X-Correlation-Id',
    'X-Valid-At',
    'traceparent',
    'If-Match',
    'X-Wait-For',
  ),
  headerValue,
  { maxKeys: 2 },
)
const body = fc.oneof(
  { weight: 4, arbitrary: fc.constant('{"quantity":3}') },
  fc.constant('{"item":"tea","extra":"jam","quantity":1}'),
  fc.constant('{"name":"a","parts":[{"name":"b"}]}'),
  fc.json(),
  anyText,
)

/** The types of all problems that the operation at a path may answer with, and those of HTTP itself. */
function refusalsAt(method: string, path: string): readonly string[] {
  const route = operationRoutes.find(
    ({ map }) => map.method === method && new RegExp(`^${map.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )
  const codes = [...(route?.operation.refusals ?? ['invalid_parameter']), ...Object.keys(httpErrors)]
  return [...codes.map((code) => `urn:indelible:error:${code}`), 'urn:indelible:refusal:Out%20of%20stock']
}

test('no request values make the server fail', async () => {
  const onError = vi.fn()
  const { app } = openShop({ api: { onError, requestsPerSecond: Infinity, heavyPerSecond: Infinity } })
  const answered = new Set<string>()
  await fc.assert(
    fc.asyncProperty(asked, headers, body, async ({ method, path, query }, given, body) => {
      const url = new URL(`http://localhost${path}`)
      for (const [name, value] of query) url.searchParams.append(name, value)
      if (path.startsWith('/tables/')) url.searchParams.append('timeoutMs', '0')
      let headers: Headers
      try {
        headers = new Headers({ 'content-type': 'application/json', ...given })
      } catch {
        // No client can send it: a line break, for example.
        return
      }
      onError.mockClear()
      const response = await app.request(new Request(url, { method, headers, ...(method === 'POST' ? { body } : {}) }))
      const answer = JSON.parse(await response.text())
      answered.add(`${response.status} ${url.pathname.split('/')[1]}`)
      expect(onError.mock.calls).toEqual([])
      if (response.status >= 500) expect(unavailable).toContain(answer.type)
      if (!response.ok) expect(refusalsAt(method, url.pathname)).toContain(answer.type)
    }),
    { numRuns: process.env.INDELIBLE_LONG ? 50_000 : 2_000 },
  )
  // Requests that fail the first check would prove little.
  for (const route of ['commands', 'aggregates', 'streams', 'tables', 'projections'])
    expect(answered).toContain(`200 ${route}`)
  expect(answered).toContain('200 sagas')
})
