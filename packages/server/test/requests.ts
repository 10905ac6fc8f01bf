// Hostile requests, made from the declared routes, so that what is added later is tried too.
import fc, { type Arbitrary } from 'fast-check'
import { describeSystem } from 'indelible/schema'
import type { Place } from '../src/http-map.ts'
import { operationRoutes } from '../src/routes.ts'
import { shop } from './shop.ts'

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

/** The bytes of a request, one character each. */
export function written({ method, target, headers, body }: PlainRequest, last = true): string {
  const lines = headers.map(([name, value]) => `${name}: ${/[^\0-\xff]/.test(value) ? latin1(value) : value}`)
  const own = ['Host: localhost', ...(last ? ['Connection: close'] : [])].filter(
    (line) => !lines.some((each) => each.startsWith(line.slice(0, 5))),
  )
  const bytes = latin1(body ?? '')
  const type = lines.some((line) => line.startsWith('Content-Type')) ? [] : ['Content-Type: application/json']
  const size = body === undefined ? [] : [...type, `Content-Length: ${bytes.length}`]
  return [`${method} ${target} HTTP/1.1`, ...own, ...lines, ...size, '', bytes].join('\r\n')
}
