// The only test over a real socket: what a connection adds to the behaviour of app.request().
import { Agent, get as httpGet, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningSystem } from 'indelible'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ReceiveStock, runningShop, servedShop } from '../test/shop.ts'
import { serve } from './index.ts'

/** A hand-written connection. */
async function open(port: number): Promise<{ socket: Socket; received: () => string; closed: Promise<void> }> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (bytes) => {
    received += bytes
  })
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  await new Promise((resolve) => socket.once('connect', resolve))
  onTestFinished(() => void socket.destroy())
  return { socket, received: () => received, closed }
}

/** Resolves when a request has started to wait. */
async function waitUnderWay(running: RunningSystem): Promise<void> {
  const waitFor = vi.spyOn(running, 'waitFor')
  await until(() => waitFor.mock.calls.length > 0)
}

async function until(isTrue: () => boolean): Promise<void> {
  await expect.poll(isTrue, { timeout: 5_000, interval: 5 }).toBe(true)
}

test('fifty simultaneous posts with one key write once', async () => {
  const { post, running } = await servedShop()
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      post('/commands/item/tea/ReceiveStock', { quantity: 5 }, { 'Idempotency-Key': 'k' }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
  expect(new Set(answers.map(({ body }) => body.position))).toEqual(new Set([1]))
  expect(answers.filter(({ body }) => !body.duplicate)).toHaveLength(1)
  expect((await running.store.head()).position).toBe(1)
})

test('a reader sees its own writes', async () => {
  const { get, post } = await servedShop()
  for (let quantity = 1; quantity <= 20; quantity++) {
    const { headers } = await post(`/commands/item/tea${quantity}/ReceiveStock`, { quantity })
    const waited = await get(`/tables/stock_levels?waitFor=${headers.get('x-position')}`)
    expect(waited.body.rows).toHaveLength(quantity)
  }
})

test('a connection is used for many requests', async () => {
  const { server } = await servedShop()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const ports = new Set<number | undefined>()
  for (let count = 0; count < 10; count++) {
    const response = await new Promise<IncomingMessage>((resolve) =>
      httpGet(`${server.url}/health`, { agent }, resolve),
    )
    ports.add(response.socket.localPort)
    response.resume()
    await new Promise((resolve) => response.once('end', resolve))
  }
  expect(ports.size).toBe(1)
})

test('a body above the limit is refused if its length is declared', async () => {
  const { post } = await servedShop({ bodyBytesMax: 1_000 })
  const { status, body } = await post('/commands/item/tea/TakeNote', 'x'.repeat(100_000))
  expect(status).toBe(413)
  expect(body.type).toBe('urn:indelible:error:body_too_large')
})

test('a body without a declared length is refused as soon as it exceeds the limit, and the connection ends', async () => {
  const { port, get } = await servedShop({ bodyBytesMax: 1_000 })
  const { socket, received, closed } = await open(port)
  socket.write(
    'POST /commands/item/tea/TakeNote HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
  const endless = setInterval(() => socket.write(`64\r\n${'1'.repeat(100)}\r\n`), 1)
  onTestFinished(() => clearInterval(endless))
  await until(() => received().includes('urn:indelible:error:body_too_large'))
  expect(received()).toMatch(/^HTTP\/1\.1 413 /)
  await closed
  expect((await get('/health')).status).toBe(200)
})

test('a chunked body within the limit is accepted', async () => {
  const { port } = await servedShop()
  const { socket, received } = await open(port)
  const chunks = ['{"quan', 'tity":', '5}'].map((text) => `${text.length.toString(16)}\r\n${text}\r\n`)
  socket.write(
    'POST /commands/item/tea/ReceiveStock HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
  for (const chunk of [...chunks, '0\r\n\r\n']) {
    socket.write(chunk)
    await sleep(5)
  }
  await until(() => received().includes('"accepted"'))
})

test('a request with an invalid host is a problem', async () => {
  const { port } = await servedShop()
  const { socket, received } = await open(port)
  socket.write('GET /health HTTP/1.1\r\nHost: a b\r\n\r\n')
  await until(() => received().includes('urn:indelible:error:malformed_url'))
  expect(received()).toMatch(/^HTTP\/1\.1 400 /)
})

test('of the connections that made requests, the longest idle one is closed, never one with a request in progress', async () => {
  const { port, running } = await servedShop({ connectionsMax: 3 })
  const ask = 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
  const waits = vi.spyOn(running, 'waitFor')
  const answered = await open(port)
  answered.socket.write('GET /tables/stock_levels?waitFor=1&timeoutMs=30000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await until(() => waits.mock.calls.length === 1)
  const silent = await open(port)
  const used = await open(port)
  used.socket.write(ask)
  await until(() => used.received().includes('"ok"'))
  const fourth = await open(port)
  await silent.closed
  fourth.socket.write(ask)
  await until(() => fourth.received().includes('"ok"'))
  const fifth = await open(port)
  await used.closed
  fifth.socket.write(ask)
  await until(() => fifth.received().includes('"ok"'))
  await open(port)
  await fourth.closed
  await running.send(ReceiveStock('tea', { quantity: 5 }))
  await until(() => answered.received().includes('"rows"'))
})

test('pipelined requests on one connection are answered one after the other', async () => {
  const { port, running } = await servedShop()
  const underWay = { now: 0, most: 0 }
  const { waitFor } = running
  vi.spyOn(running, 'waitFor').mockImplementation(async (...args) => {
    underWay.most = Math.max(underWay.most, ++underWay.now)
    await waitFor.apply(running, args).finally(() => underWay.now--)
  })
  const { socket, received } = await open(port)
  const ask = 'GET /tables/stock_levels?waitFor=1&timeoutMs=50 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
  socket.write(`${ask.repeat(40)}GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  await until(() => received().includes('"status":"ok"'))
  expect(received().split('HTTP/1.1 504').length - 1).toBe(40)
  expect(underWay.most).toBe(1)
})

test('waiting requests leave half of the connections to the others', async () => {
  const { get, running } = await servedShop({ connectionsMax: 6 })
  const wait = '/tables/stock_levels?waitFor=1&timeoutMs=30000'
  const waits = vi.spyOn(running, 'waitFor')
  const waiting = [get(wait), get(wait), get(wait)]
  await until(() => waits.mock.calls.length === 3)
  expect((await get(wait)).body).toMatchObject({ type: 'urn:indelible:error:too_many_waits' })
  expect((await get('/health')).status).toBe(200)
  await running.send(ReceiveStock('tea', { quantity: 5 }))
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200)
})

test('many silent connections displace each other, not one that made requests', async () => {
  const { port } = await servedShop({ connectionsMax: 3 })
  const working = await open(port)
  const ask = 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
  working.socket.write(ask)
  await until(() => working.received().includes('"ok"'))
  const before = working.received().length
  const silent = [await open(port), await open(port), await open(port), await open(port), await open(port)]
  await Promise.all(silent.slice(0, 3).map(({ closed }) => closed))
  working.socket.write(ask)
  await until(() => working.received().length > before)
})

test('when every connection has a request in progress, a new one is closed', async () => {
  const { port, running, server } = await servedShop({ connectionsMax: 2 })
  const held = Promise.withResolvers<void>()
  const { health } = running
  const asked = vi.spyOn(running, 'health').mockImplementation(async () => {
    await held.promise
    return await health.call(running)
  })
  const clients = [await open(port), await open(port)]
  for (const { socket } of clients) socket.write('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await until(() => asked.mock.calls.length === 2)
  await (await open(port)).closed
  held.resolve()
  for (const { received } of clients) await until(() => received().includes('"ok"'))
  expect((await fetch(`${server.url}/health`)).status).toBe(200)
})

test('a client that sends nothing, or stops in the middle of its headers, is disconnected after a time', async () => {
  const { port } = await servedShop({ headersTimeoutMs: 100 })
  const [silent, slow] = [await open(port), await open(port)]
  slow.socket.write('GET /health HT')
  await Promise.all([silent.closed, slow.closed])
})

test('a port that is in use is reported', async () => {
  const { running, port } = await servedShop()
  await expect(serve(running, { port })).rejects.toMatchObject({
    code: 'io_failed',
    message: expect.stringMatching(/^Cannot listen on 127\.0\.0\.1, port \d+: another process listens there already\./),
    details: { host: '127.0.0.1', port, errno: 'EADDRINUSE' },
  })
})

test('a closed server accepts no more connections and may be closed again', async () => {
  const { server, get } = await servedShop()
  expect((await get('/health')).status).toBe(200)
  await server.close()
  await server.close()
  await expect(get('/health')).rejects.toThrow('fetch failed')
})

test('closing closes idle connections immediately', async () => {
  const { server, port } = await servedShop()
  const { socket, received, closed } = await open(port)
  socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(() => received().includes('"ok"'))
  await open(port)
  await server.close()
  await closed
})

test('closing lets a request in progress finish', async () => {
  const { server, running, get } = await servedShop()
  const waiting = get('/tables/stock_levels?waitFor=1')
  await waitUnderWay(running)
  const closing = server.close()
  await running.send(ReceiveStock('tea', { quantity: 5 }))
  await closing
  expect((await waiting).body.rows).toHaveLength(1)
})

test('closing does not cut off a client that reads slowly', async () => {
  const { server, running, port } = await servedShop()
  const note = 'x'.repeat(4_000_000)
  for (const _ of [1, 2]) await running.store.append({ events: [{ stream: 'item-tea', type: 'N', data: note }] })
  const { socket, received, closed } = await open(port)
  socket.pause()
  socket.write('GET /streams/item-tea HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await sleep(300)
  const closing = server.close()
  socket.resume()
  await Promise.all([closing, closed])
  expect(received().endsWith('"next":null}\n')).toBe(true)
})

test.each([30 * 86_400_000, Number.POSITIVE_INFINITY])(
  'closing lets a request in progress finish if it may take %s ms',
  async (closeTimeoutMs) => {
    const { server, running, get } = await servedShop({ closeTimeoutMs })
    const waiting = get('/tables/stock_levels?waitFor=1')
    await waitUnderWay(running)
    const closing = server.close()
    // Long enough for a timer that overflows.
    await sleep(50)
    await running.send(ReceiveStock('tea', { quantity: 5 }))
    await closing
    expect((await waiting).body.rows).toHaveLength(1)
  },
)

test.each([Number.NaN, -1, '5'])('an invalid time to close (%s) is refused', async (closeTimeoutMs) => {
  const serving = serve(runningShop(), { port: 0, closeTimeoutMs: closeTimeoutMs as number })
  await expect(serving).rejects.toMatchObject({ code: 'invalid_duration' })
})

test('closing aborts requests that do not finish in time', async () => {
  const { server, running, get } = await servedShop({ closeTimeoutMs: 50 })
  const cut = expect(get('/tables/stock_levels?waitFor=99&timeoutMs=30000')).rejects.toThrow('fetch failed')
  await waitUnderWay(running)
  await server.close()
  await cut
})

test('a wait ends when its client goes away', async () => {
  const { server, running, port } = await servedShop()
  const { socket } = await open(port)
  socket.write('GET /tables/stock_levels?waitFor=99&timeoutMs=30000 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await waitUnderWay(running)
  socket.destroy()
  await server.close()
})

test('a client that disconnects in the middle of its body disturbs no other request', async () => {
  const { port, get, running } = await servedShop()
  const { socket } = await open(port)
  socket.write(
    'POST /commands/item/tea/TakeNote HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"half',
  )
  await sleep(50)
  socket.destroy()
  await sleep(50)
  expect((await get('/health')).status).toBe(200)
  expect((await running.store.head()).position).toBe(0)
})
