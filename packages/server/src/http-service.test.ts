// A service over HTTP: the request as it is declared, and an answer that is not clear counts as none.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { ServiceRequest } from 'indelible'
import { expect, onTestFinished, test } from 'vitest'
import { httpService, httpSystem } from './index.ts'

/** A service that answers so, under the path `/v1`. */
async function answering(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  headers: Readonly<Record<string, string>> = { Authorization: 'Bearer x' },
) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`
  return httpService({ url, headers, timeoutMs: 200 })
}

const charge: ServiceRequest = {
  method: 'POST',
  path: '/charges',
  body: { cents: 5 },
  idempotencyKey: 'log:$saga.buy-"é€%',
}
const { signal } = new AbortController()

test('a request has its method, path, body and key, and the headers of the configuration', async () => {
  const seen: unknown[] = []
  const service = await answering(async (request, response) => {
    const { method, url, headers } = request
    seen.push({ method, url, body: await json(request), key: headers['idempotency-key'], auth: headers.authorization })
    response.writeHead(201, { 'Content-Type': 'application/json' }).end('{"charge":"c1"}')
  })
  expect(await service.call(charge, { signal })).toEqual({ status: 201, body: { charge: 'c1' } })
  const key = '"log:$saga.buy-%22%C3%A9%E2%82%AC%25"'
  expect(seen).toEqual([{ method: 'POST', url: '/v1/charges', body: { cents: 5 }, key, auth: 'Bearer x' }])
})

test('a request has the traceparent of what led to it, if there is one', async () => {
  const seen: unknown[] = []
  const service = await answering((request, response) => {
    seen.push(request.headers.traceparent)
    response.writeHead(204).end()
  })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await service.call(charge, { signal, traceparent })
  await service.call(charge, { signal })
  expect(seen).toEqual([traceparent, undefined])
})

test('a request without a body has none', async () => {
  const service = await answering((request, response) => {
    response.writeHead(request.headers['content-type'] === undefined ? 204 : 400).end()
  })
  const request: ServiceRequest = { ...charge, method: 'DELETE', path: '/charges/c1?why=late', body: undefined }
  expect(await service.call(request, { signal })).toEqual({ status: 204, body: undefined })
})

test.each([
  [200, '<html>'],
  [402, '{"limit":2}'],
  [500, 'oops'],
])('the answer %i comes with its body if that is JSON', async (status, text) => {
  const service = await answering((_request, response) => response.writeHead(status).end(text))
  const body = text.startsWith('{') ? JSON.parse(text) : undefined
  expect(await service.call(charge, { signal })).toEqual({ status, body })
})

test('a redirection is an answer, and is not followed: the key was for that address', async () => {
  const service = await answering((_request, response) => response.writeHead(307, { Location: '/v1/other' }).end())
  expect(await service.call(charge, { signal })).toMatchObject({ status: 307 })
})

test.each<[string, (request: IncomingMessage, response: ServerResponse) => void, RegExp]>([
  ['hangs', () => {}, /did not answer within 200 ms/],
  ['cuts the connection', (request) => request.socket.destroy(), /cannot be reached/],
  [
    'stops in the middle of its answer',
    (request, response) => {
      response.writeHead(200, { 'Content-Length': 100 }).write('{')
      setTimeout(() => request.socket.destroy(), 20)
    },
    /cannot be reached/,
  ],
])('a service that %s is not available', async (_what, answer, message) => {
  const service = await answering(answer)
  await expect(service.call(charge, { signal })).rejects.toMatchObject({
    code: 'remote_unavailable',
    message: expect.stringMatching(message),
  })
})

test('a caller that gives up gets no answer', async () => {
  const service = await answering(() => {})
  const giving = new AbortController()
  const call = service.call(charge, { signal: giving.signal })
  giving.abort()
  await expect(call).rejects.toMatchObject({ code: 'aborted' })
})

test.each([
  ['ftp://x', /is not the URL of an HTTP API/],
  ['nonsense', /is not the URL of an HTTP API/],
  ['http://user:secret@x', /has a name or password\. Give them in "headers"/],
  ['https://x/v1?key=5', /has a query or a fragment, and paths cannot stand behind that\. Write https:\/\/x\/v1,/],
  ['https://x/v1?', /has a query or a fragment/],
  ['https://x/v1#top', /has a query or a fragment/],
])('%s is not the URL of a service or of another system', (url, message) => {
  const refused = expect.objectContaining({ code: 'config_invalid', message: expect.stringMatching(message) })
  expect(() => httpService({ url })).toThrow(refused)
  expect(() => httpSystem({ url })).toThrow(refused)
})

test('a header that cannot be sent is refused when the service is connected, without its value', () => {
  for (const connect of [httpService, httpSystem]) {
    const refused = () => connect({ url: 'http://x', headers: { Authorization: 'Bearer \n secret' } })
    expect(refused).toThrow(expect.objectContaining({ code: 'config_invalid' }))
    expect(refused).not.toThrow(/secret/)
  }
})

test('no header of the configuration takes the place of the key', async () => {
  const seen: unknown[] = []
  const service = await answering(
    (request, response) => {
      seen.push(request.headers['idempotency-key'], request.headers.accept)
      response.writeHead(204).end()
    },
    { 'idempotency-key': 'mine', accept: 'text/plain' },
  )
  await service.call({ ...charge, idempotencyKey: 'k' }, { signal })
  expect(seen).toEqual(['"k"', 'text/plain'])
})

test('a path that begins with two slashes does not lead to another host', async () => {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push(request.url)
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"status":"unknown"}')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}//elsewhere.example/`
  await httpService({ url }).call({ ...charge, path: '/x' }, { signal })
  await httpSystem({ url }).find('c')
  expect(seen).toEqual(['//elsewhere.example/x', expect.stringMatching(/^\/\/elsewhere\.example\/commands/)])
})
