// Checkpoints that are published over HTTP: to a receiver that takes them, is down, slow, fails or answers nonsense. The tree never waits for it.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { defineSystem, type RunningSystem, startSystem } from 'indelible'
import { checkpointPost, type Publisher, readCheckpoint } from 'indelible/proofs'
import { expect, onTestFinished, test } from 'vitest'

const system = defineSystem({ name: 'proved', commands: [] })
const patience = { timeout: 20_000, interval: 20 }

/** Its first event, the record of the key, is signed. */
async function started(publisher: Publisher): Promise<RunningSystem> {
  const running = startSystem(system, { proofs: { origin: 'bank.example/log', publish: [publisher] } })
  onTestFinished(() => running.close())
  await running.waitFor({ name: '$tree' }, 1)
  return running
}

/** Appends an event, and waits until it is signed. */
async function signedEvent(running: RunningSystem): Promise<number> {
  await running.store.append({ events: [{ stream: 'account-1', type: 'Happened', data: {} }] })
  const { position } = await running.store.head()
  await running.waitFor({ name: '$tree' }, position, { timeoutMs: 20_000 })
  return position
}

async function publication(running: RunningSystem) {
  const status = await running.consumers.show({ name: '$tree' })
  if (status.kind !== 'tree') throw new Error('not the tree')
  expect(status.state).toBe('running')
  return status.publications[0]!
}

async function listening(server: Server, port = 0): Promise<string> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    if (server.listening) server.close()
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)()
  })
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/checkpoints`
}

type Answer = (note: string, outgoing: ServerResponse, incoming: IncomingMessage) => void

async function receiver(answer: Answer, port?: number): Promise<string> {
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) =>
    answer(Buffer.concat(await Array.fromAsync(incoming)).toString(), outgoing, incoming)
  return await listening(createServer(handle), port)
}

test('a receiver gets checkpoints as text, with the headers that were given, and any success is enough', async () => {
  const sizes: number[] = []
  const requests: unknown[] = []
  const url = await receiver((note, outgoing, { method, url, headers }) => {
    sizes.push(readCheckpoint(note).size)
    requests.push({ method, url, type: headers['content-type'], token: headers.authorization })
    outgoing.writeHead(sizes.length % 2 === 0 ? 204 : 201).end()
  })
  const running = await started(checkpointPost(url, { everyMs: 10, headers: { authorization: 'Bearer x' } }))
  for (let n = 0; n < 3; n++) {
    const size = await signedEvent(running)
    await expect.poll(async () => (await publication(running)).position, patience).toBeGreaterThanOrEqual(size)
    expect(sizes.at(-1)).toBeGreaterThanOrEqual(size)
  }
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b))
  expect(requests[0]).toEqual({
    method: 'POST',
    url: '/checkpoints',
    type: 'text/plain; charset=utf-8',
    token: 'Bearer x',
  })
  expect((await publication(running)).error).toBeUndefined()
})

test('a receiver that is down is tried again, and gets the newest checkpoint when it is there', async () => {
  const gone = createTcpServer()
  const url = await listening(gone)
  gone.close()
  await once(gone, 'close')
  const running = await started(checkpointPost(url, { everyMs: 10 }))
  await signedEvent(running)
  await expect.poll(async () => (await publication(running)).error?.code, patience).toBe('remote_unavailable')
  expect(await publication(running)).toMatchObject({ name: url, position: 0 })
  expect((await publication(running)).error?.message).toContain(`${url} cannot be reached`)
  const size = await signedEvent(running)
  const sizes: number[] = []
  await receiver(
    (note, outgoing) => {
      sizes.push(readCheckpoint(note).size)
      outgoing.end()
    },
    Number(new URL(url).port),
  )
  await expect.poll(async () => (await publication(running)).position, patience).toBe(size)
  expect(sizes).toEqual([size])
  expect((await publication(running)).error).toBeUndefined()
})

test('a receiver that fails is tried again, and the status says with which answer', async () => {
  let isBroken = true
  const url = await receiver((_, outgoing) => outgoing.writeHead(isBroken ? 500 : 200).end('no'))
  const running = await started(checkpointPost(url, { everyMs: 10 }))
  const size = await signedEvent(running)
  await expect
    .poll(async () => (await publication(running)).error?.message, patience)
    .toContain(`${url} answered with 500.`)
  isBroken = false
  await expect.poll(async () => (await publication(running)).position, patience).toBe(size)
})

test('the tree does not wait for a receiver that never answers, and neither does the end of the system', async () => {
  let asked = 0
  const url = await receiver(() => void asked++)
  const running = await started(checkpointPost(url, { everyMs: 10 }))
  await signedEvent(running)
  await expect.poll(() => asked, patience).toBe(1)
  for (let n = 0; n < 3; n++) await signedEvent(running)
  expect(await publication(running)).toMatchObject({ position: 0 })
  await running.close()
  expect(asked).toBe(1)
})

test('a receiver that is slow gets only the newest checkpoint next', async () => {
  const sizes: number[] = []
  let release = () => {}
  const url = await receiver((note, outgoing) => {
    sizes.push(readCheckpoint(note).size)
    if (sizes.length === 1) release = () => void outgoing.end()
    else outgoing.end()
  })
  const running = await started(checkpointPost(url, { everyMs: 10 }))
  await signedEvent(running)
  await expect.poll(() => sizes.length, patience).toBe(1)
  let size = 0
  for (let n = 0; n < 4; n++) size = await signedEvent(running)
  release()
  await expect.poll(async () => (await publication(running)).position, patience).toBe(size)
  expect(sizes.slice(1)).toEqual([size])
})

test.each([
  [
    'leads elsewhere',
    'HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n',
    'cannot be reached',
  ],
  ['is no HTTP', 'nonsense\r\n\r\n', 'cannot be reached'],
  ['breaks off', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc', 'cannot be reached'],
  ['refuses', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 'answered with 403'],
])('an answer that %s is not taken for a success', async (_, answer, message) => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answer))
  })
  const url = await listening(server)
  const running = await started(checkpointPost(url, { everyMs: 10 }))
  await signedEvent(running)
  await expect.poll(async () => (await publication(running)).error?.message, patience).toContain(message)
  expect((await publication(running)).position).toBe(0)
})

test('of an answer without an end only the beginning is read', async () => {
  function* withoutEnd() {
    for (;;) yield Buffer.alloc(64 * 1024, 'x')
  }
  let closed = 0
  const url = await receiver((_, outgoing) => {
    outgoing.writeHead(200)
    pipeline(Readable.from(withoutEnd()), outgoing, () => closed++)
  })
  const running = await started(checkpointPost(url, { everyMs: 10 }))
  const size = await signedEvent(running)
  await expect.poll(async () => (await publication(running)).position, patience).toBe(size)
  await expect.poll(() => closed, patience).toBeGreaterThan(0)
})
