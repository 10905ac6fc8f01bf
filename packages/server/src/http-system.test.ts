// Another system over HTTP: an answer that is not clear counts as none.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Command } from 'indelible'
import { expect, onTestFinished, test } from 'vitest'
import { PlaceOrder, ReceiveStock, runningShop, ShipStock } from '../test/shop.ts'
import { httpSystem, serve } from './index.ts'

async function servedShop() {
  const running = runningShop()
  const server = await serve(running, { port: 0, onError: () => {} })
  onTestFinished(() => server.close())
  return { running, server, connection: httpSystem({ url: server.url }) }
}

/** A server of somebody else. */
async function answering(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return httpSystem({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, timeoutMs: 100 })
}

const receive = ReceiveStock('tea', { quantity: 5 })
const send = (connection: ReturnType<typeof httpSystem>, command: Command = receive, commandId = 'c') =>
  connection.send(command, { commandId })

test('a command is carried out once, and says who asked for it', async () => {
  const { connection, running } = await servedShop()
  const options = { commandId: 'saga:é', actor: 'bank/saga', correlationId: 'c-1', validAt: '2026-01-02' }
  const first = await connection.send(receive, options)
  expect(first).toMatchObject({ status: 'accepted', position: 1, duplicate: false })
  expect(await connection.send(receive, options)).toMatchObject({ status: 'accepted', position: 1, duplicate: true })
  const [batch] = await Array.fromAsync(running.store.read('all'))
  expect(batch!.events).toHaveLength(1)
  const { metadata, validAt } = batch!.events[0]!
  expect(metadata).toMatchObject({ actor: 'bank/saga', commandId: 'saga:é', correlationId: 'c-1' })
  expect(validAt).toBe('2026-01-02')
})

test('a refusal comes back as the outcome that it is', async () => {
  const { connection } = await servedShop()
  expect(await send(connection, ShipStock('tea', { quantity: 5 }))).toEqual({
    status: 'refused',
    reason: 'Out of stock',
    details: { inStock: 0 },
    stream: 'item-tea',
    version: 0,
    commandId: 'c',
  })
})

test('a claimed id is claimed for ever, for the reason that was given first', async () => {
  const { connection, running } = await servedShop()
  const claim = { commandId: 'c', reason: 'TimedOut', details: { after: '1m' } }
  const claimed = { status: 'claimed', reason: 'TimedOut', details: { after: '1m' }, position: 1 }
  expect(await connection.claim(claim, { actor: 'bank' })).toEqual(claimed)
  expect(await connection.claim({ ...claim, reason: 'Other' })).toEqual(claimed)
  expect(await connection.find('c')).toEqual(claimed)
  await expect(send(connection)).rejects.toMatchObject({ code: 'command_claimed' })
  await expect(running.send(receive, { commandId: 'c' })).rejects.toMatchObject({ code: 'command_claimed' })
  const [batch] = await Array.fromAsync(running.store.read('all', { reserved: true }))
  expect(batch!.events.map(({ type, metadata }) => [type, metadata.actor])).toEqual([['$CommandClaimed', 'bank']])
})

test('a command that was carried out cannot be claimed, and is found with its events', async () => {
  const { connection } = await servedShop()
  await send(connection)
  expect(await connection.claim({ commandId: 'c', reason: 'Late', details: {} })).toEqual({
    status: 'carriedOut',
    position: 1,
  })
  const found = await connection.find('c')
  expect(found).toMatchObject({
    status: 'carriedOut',
    events: [{ type: 'StockReceived', data: { quantity: 5 }, streamId: 'tea' }],
  })
  expect(await connection.find('d')).toEqual({ status: 'unknown' })
})

test('the feed goes on where it was, waits at its end, and has only what was asked for', async () => {
  const { connection, running } = await servedShop()
  await running.send(receive)
  await running.send(PlaceOrder('o1', { item: 'tea', extra: 'tea', quantity: 1 }))
  const types = ['StockReceived']
  const first = await connection.readFeed({ types, after: 0, waitMs: 0 })
  expect(first.events.map(({ type }) => type)).toEqual(types)
  const { position: after, history } = first
  const waiting = connection.readFeed({ types, after, history, waitMs: 20_000 })
  await running.send(ReceiveStock('jam', { quantity: 1 }))
  const second = await waiting
  expect(second.events.map(({ stream }) => stream)).toEqual(['item-jam'])
  expect(await connection.readFeed({ types, waitMs: 0 })).toMatchObject({ events: [], position: second.head })
})

test('a feed does not go on in another history', async () => {
  const { connection, running } = await servedShop()
  await running.send(receive)
  const types = ['StockReceived']
  const asked = connection.readFeed({ types, after: 1, history: 'another', waitMs: 0 })
  await expect(asked).rejects.toMatchObject({ code: 'feed_diverged' })
  await expect(connection.readFeed({ types, after: 9, waitMs: 0 })).rejects.toMatchObject({ code: 'feed_diverged' })
})

test('a feed of an event that is not declared there is an error and no silence', async () => {
  const { connection } = await servedShop()
  for (const type of ['StockSent', '$CommandClaimed']) {
    const asked = connection.readFeed({ types: [type], after: 0, waitMs: 0 })
    await expect(asked).rejects.toMatchObject({ code: 'remote_rejected', details: { code: 'invalid_parameter' } })
  }
})

test('a server that closes does not wait for readers of its feed', async () => {
  const { connection, server } = await servedShop()
  const waiting = connection.readFeed({ types: ['StockReceived'], after: 0, waitMs: 30_000 })
  await new Promise((resolve) => setTimeout(resolve, 100))
  await server.close()
  expect((await waiting).events).toEqual([])
})

test('a command that the other system does not know is rejected', async () => {
  const { connection } = await servedShop()
  const unknown = { ...receive, type: 'Explode' }
  await expect(send(connection, unknown)).rejects.toMatchObject({
    code: 'remote_rejected',
    retryable: false,
    details: { code: 'unknown_command' },
  })
  const invalid = ReceiveStock('tea', { quantity: -1 })
  await expect(send(connection, invalid)).rejects.toMatchObject({ details: { code: 'invalid_command' } })
  await send(connection)
  const another = ReceiveStock('tea', { quantity: 7 })
  await expect(send(connection, another)).rejects.toMatchObject({ details: { code: 'command_id_reused' } })
})

test.each([
  ['a page of a proxy', 502, 'text/html', '<h1>Bad gateway</h1>'],
  ['a page that is not found', 404, 'text/html', '<h1>Not found</h1>'],
  ['a login page', 200, 'text/html', '<h1>Who are you?</h1>'],
  ['a success that says nothing', 200, 'application/json', 'null'],
  ['a success of something else', 200, 'application/json', '{"status":"ok"}'],
  ['a redirect', 302, 'text/plain', ''],
  [
    'an error of the server',
    500,
    'application/problem+json',
    '{"type":"urn:indelible:error:internal","title":"T","detail":"D"}',
  ],
  [
    'a host name that is not allowed',
    403,
    'application/problem+json',
    '{"type":"urn:indelible:error:host_not_allowed","title":"T","detail":"D"}',
  ],
])('%s is no answer: nobody knows what was done', async (_what, status, type, body) => {
  const connection = await answering((_request, response) => {
    response.writeHead(status, { 'content-type': type, location: '/elsewhere' }).end(body)
  })
  await expect(send(connection)).rejects.toMatchObject({ code: 'remote_unavailable', retryable: true })
})

test('no answer in time, a connection that ends, and a port where nobody listens are no answers', async () => {
  const silent = await answering(() => {})
  await expect(send(silent)).rejects.toThrow('did not answer within 100 ms')
  const broken = await answering((request) => void request.socket.destroy())
  await expect(send(broken)).rejects.toMatchObject({ code: 'remote_unavailable' })
  const half = await answering((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{"status":')
    setTimeout(() => response.destroy(), 10)
  })
  await expect(send(half)).rejects.toMatchObject({ code: 'remote_unavailable' })
  await expect(send(httpSystem({ url: 'http://127.0.0.1:9' }))).rejects.toMatchObject({ code: 'remote_unavailable' })
})

test('a caller who gives up is not kept waiting', async () => {
  const silent = await answering(() => {})
  const signal = AbortSignal.timeout(10)
  await expect(silent.send(receive, { commandId: 'c', signal })).rejects.toMatchObject({ code: 'aborted' })
})

test('headers are sent with every request, and a wrong URL is refused at once', async () => {
  const seen: (string | undefined)[] = []
  const proxy = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => proxy.once('listening', resolve))
  onTestFinished(() => void proxy.close())
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/api/`
  const found = httpSystem({ url, headers: { authorization: 'Bearer 7' } }).find('c')
  await expect(found).rejects.toMatchObject({ code: 'remote_unavailable' })
  expect(seen).toEqual(['Bearer 7'])
  for (const wrong of ['partner', 'ftp://partner'])
    expect(() => httpSystem({ url: wrong })).toThrow(/is not the URL of an HTTP API/)
  expect(() => httpSystem({ url: 'https://ann:secret@partner' })).toThrow(
    'The URL of partner has a name or password. Give them in "headers".',
  )
})
