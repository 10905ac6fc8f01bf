// What a hostile client writes to a connection: requests that any client could send, and bytes that no well-behaved one sends.
import fc, { type Arbitrary } from 'fast-check'
import { plainRequest, written } from './requests.ts'

/** The bytes of a connection, one character each. */
export type Attack = string

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
