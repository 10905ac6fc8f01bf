// Hostile requests, made from the declared routes, so that what is added later is tried too.
import fc, { type Arbitrary } from 'fast-check'
import { describeSystem } from 'indelible/schema'
import type { Place } from '../src/http-map.ts'
import { operationRoutes } from '../src/routes.ts'
import { shop } from './shop.ts'

/** The bytes of a connection, one character each. */
export type Attack = string

export interface PlainRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string | undefined
}

const names = [...new Set(JSON.stringify(describeSystem(shop)).match(/(?<="(?:name|category|type)":")[^"]+/g))]
const fitting = fc.constantFrom(
  ...names,
  'tea',
  'o1',
  'item-tea',
  'order-o1',
  '1',
  '2',
  '5',
  'version:1',
  'position:2',
  'true',
)
const numbers = fc.constantFrom(
  '0',
  '-1',
  '1e309',
  '1e9',
  '9007199254740993',
  '-0',
  'NaN',
  'Infinity',
  '0x10',
  '1.5',
  '9'.repeat(400),
)
const hostileText = fc.oneof(
  fc.constantFrom(
    '',
    '..',
    '.',
    '%',
    '\0',
    '\r\n',
    '\r\nX-Injected: 1',
    "' OR 1=1 --",
    '"; DROP TABLE x',
    '__proto__',
    '$saga',
    'constructor',
  ),
  fc.constantFrom(
    '{{7*7}}',
    '<script>',
    '../../etc/passwd',
    '\u202e',
    '\ud83d\ude00',
    '\uffff',
    'x'.repeat(300),
    'é'.repeat(600),
  ),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.toWellFormed()),
  numbers,
)
const anyText = fc.oneof({ weight: 4, arbitrary: fitting }, { weight: 1, arbitrary: hostileText })
/** Nothing that makes the server wait for long. */
const anyMs = fc.constantFrom('0', '1', '-1', 'x', '1e9', '99999999')
const segment = fc.oneof(
  { weight: 8, arbitrary: anyText.map(encodeURIComponent) },
  fc.constantFrom(
    '..',
    '%2e',
    '%2e%2e',
    '%2E%2e%2f',
    '%00',
    '%0d%0a',
    '%ff',
    '%c3%28',
    '%',
    '',
    '/',
    ';',
    '%252e',
    '~',
    'a'.repeat(13_000),
  ),
)

const methods = fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'PROPFIND', 'get')
const ownPaths = ['/', '/livez', '/readyz', '/metrics', '/openapi.json', '/log/checkpoint', '/log/tile/0/000', '/nope']

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const body = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '{"quantity":3}',
      '{"item":"tea","extra":"jam","quantity":1}',
      '{}',
      '"note"',
      '{"without":[1]}',
    ),
  },
  { weight: 2, arbitrary: fc.json() },
  fc.constantFrom(
    nested(99),
    nested(5_000),
    `{"a":${'9'.repeat(500)}}`,
    '{"quantity":1e999}',
    '{"__proto__":{"x":1}}',
    '{"a":1,"a":2}',
  ),
  fc.constantFrom('', ' ', '{', 'null', '\ufeff{}', '{"quantity":\u0000}', '"\\ud800"', `"${'x'.repeat(20_000)}"`),
  hostileText,
)

const parameterOf = (place: Place): Arbitrary<string> => {
  const value = place.name.endsWith('Ms') ? anyMs : anyText
  const key = place.listKeys ? anyText.map((column) => `[${column}]`) : fc.constant('')
  return fc
    .tuple(key, value)
    .map(([key, text]) => `${encodeURIComponent(place.name)}${key}=${encodeURIComponent(text)}`)
}

const headerValue = fc.oneof(
  fitting,
  fc.constantFrom(
    '"3"',
    '"0"',
    '*',
    '2026-01-01',
    'a'.repeat(600),
    '\xff\xfe',
    'x y',
    '$reserved',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 30 }),
)
function seldom<Value, Otherwise>(value: Arbitrary<Value>, otherwise: Otherwise): Arbitrary<Value | Otherwise> {
  return fc.oneof({ weight: 1, arbitrary: value }, { weight: 10, arbitrary: fc.constant(otherwise) })
}

const declaredRequest = fc.oneof(
  ...operationRoutes.map(({ map, places }) => {
    const inQuery = places.filter((place) => place.in === 'query' || place.isAlias)
    const inHeader = places.filter((place) => place.in === 'header')
    const path = map.path
      .split('/')
      .slice(1)
      .map((part) => (part.startsWith('{') ? segment : fc.constant(part)))
    // A wait has a time by default.
    const hurry = inQuery.some(({ name }) => name === 'timeoutMs') ? '&timeoutMs=0' : ''
    return fc
      .record({
        method: fc.oneof({ weight: 9, arbitrary: fc.constant(map.method as string) }, methods),
        path: fc.tuple(...path).map((parts) => `/${parts.join('/')}`),
        query:
          inQuery.length === 0
            ? fc.constant<string[]>([])
            : fc.array(fc.oneof(...inQuery.map(parameterOf)), { maxLength: 3 }),
        stray: seldom(hostileText.map(encodeURIComponent), ''),
        headers: fc.array(fc.tuple(fc.constantFrom('X-Actor', ...inHeader.map(({ name }) => name)), headerValue), {
          maxLength: 2,
        }),
        body: map.body === undefined ? seldom(body, undefined) : body,
      })
      .map(({ path, query, stray, ...rest }) => ({
        ...rest,
        target: `${path}?${[...query, stray].filter(Boolean).join('&')}${hurry}`,
      }))
  }),
)

const otherHeader = fc.constantFrom<readonly [string, string]>(
  ['Content-Type', 'text/plain'],
  ['Content-Type', 'application/json; charset=utf-16'],
  ['Content-Encoding', 'gzip'],
  ['Origin', 'http://evil.example'],
  ['Sec-Fetch-Site', 'cross-site'],
  ['Host', 'evil.example'],
  ['Host', 'localhost\\@evil.example'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['Expect', 'miracles'],
  ['Expect', '100-continue'],
  ['Upgrade', 'h2c'],
  ['Range', 'bytes=0-9999999999'],
  ['If-None-Match', '*'],
  ['Accept', 'text/html;q=NaN'],
  ['Accept-Encoding', 'gzip, br'],
  ['Cookie', 'a='.repeat(2_000)],
)

/** A request that any client could send. */
export const plainRequest: Arbitrary<PlainRequest> = fc
  .tuple(
    fc.oneof(
      { weight: 12, arbitrary: declaredRequest },
      fc.record({
        method: methods,
        target: fc.constantFrom(...ownPaths),
        headers: fc.constant([]),
        body: fc.constant(undefined),
      }),
    ),
    fc.array(otherHeader, { maxLength: 1 }),
  )
  .map(([request, others]) => ({ ...request, headers: [...request.headers, ...others] as const }))

/** As one character for each byte. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function written({ method, target, headers, body }: PlainRequest, last = true): string {
  const lines = headers.map(([name, value]) => `${name}: ${/[^\0-\xff]/.test(value) ? latin1(value) : value}`)
  const own = ['Host: localhost', ...(last ? ['Connection: close'] : [])].filter(
    (line) => !lines.some((each) => each.startsWith(line.slice(0, 5))),
  )
  const bytes = latin1(body ?? '')
  const type = lines.some((line) => line.startsWith('Content-Type')) ? [] : ['Content-Type: application/json']
  const size = body === undefined ? [] : [...type, `Content-Length: ${bytes.length}`]
  return [`${method} ${target} HTTP/1.1`, ...own, ...lines, ...size, '', bytes].join('\r\n')
}

/** Bytes that no well-behaved client sends. */
const distorted: Arbitrary<Attack> = fc
  .tuple(
    plainRequest,
    fc.nat(),
    fc.nat(),
    fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 8 }),
  )
  .map(([request, kind, at, junk]) => {
    const text = written(request)
    const place = at % (text.length + 1)
    const headersEnd = text.indexOf('\r\n\r\n')
    const insert = (line: string) => `${text.slice(0, headersEnd)}\r\n${line}${text.slice(headersEnd)}`
    const forms = [
      text.slice(0, place),
      text.slice(0, place) + junk + text.slice(place),
      text.replaceAll('\r\n', '\n'),
      text.replace('HTTP/1.1', ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2', 'HTTP/1.1\0', ''][at % 5]!),
      insert('Transfer-Encoding: chunked'),
      insert(`Content-Length: ${['-1', '1e3', '99999999999999999999', '0', '3, 4', '+5'][at % 6]}`),
      insert(`${junk}: 1`),
      insert(` folded: ${junk}`),
      insert('X-Large: '.padEnd(20_000, 'x')),
      insert(`${'A: 1\r\n'.repeat(150)}B: 2`),
      junk.repeat(50),
      `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${junk}`,
      `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
      `CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
      `GET http://[::1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      `GET //evil.example/%2e%2e/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    ]
    return forms[kind % forms.length]!
  })

const chunked: Arbitrary<Attack> = fc
  .tuple(
    fc.constantFrom('{"quantity":1}', ''),
    fc.constantFrom('e', 'E;x=y', '0', 'ffffffffffffffff', '-1', 'g', ' e', 'e\0', '1'.repeat(100)),
  )
  .map(
    ([data, size]) =>
      `POST /commands/item/tea/ReceiveStock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n${data}\r\n0\r\nX-Trailer: 1\r\n\r\n`,
  )

const pipelined: Arbitrary<Attack> = fc
  .array(
    plainRequest.filter(({ headers, body }) => body === undefined && headers.length === 0),
    { minLength: 2, maxLength: 5 },
  )
  .map((requests) => requests.map((request, index) => written(request, index === requests.length - 1)).join(''))

export const attack: Arbitrary<Attack> = fc.oneof(
  { weight: 8, arbitrary: plainRequest.map((request) => written(request)) },
  { weight: 4, arbitrary: distorted },
  { weight: 1, arbitrary: chunked },
  { weight: 1, arbitrary: pipelined },
)
