// A service over HTTP: the request as it is declared, and an answer that is not clear counts as none.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { ServiceRequest } from 'indelible'
import { expect, onTestFinished, test } from 'vitest'
import { httpService } from './index.ts'

/** A service that answers so, under the path `/v1`. */
async function answering(answer: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`
  return httpService({ url, headers: { Authorization: 'Bearer x' }, timeoutMs: 200 })
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

test.each(['ftp://x', 'nonsense', 'http://user:secret@x'])('%s is not the URL of a service', (url) => {
  expect(() => httpService({ url })).toThrow(expect.objectContaining({ code: 'config_invalid' }))
})
