// Clients of live feeds that do not read: they hold little memory, are dropped after a while, and miss nothing when they come again.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { RunningSystem } from 'indelible'
import { expect, onTestFinished, test } from 'vitest'
import { long } from '../../../scripts/campaign.ts'
import { serve } from '../src/index.ts'
import { followFeed } from './feed-client.ts'
import { runningShop } from './shop.ts'

const megabyte = 1024 * 1024
const note = { stream: 'item-tea', type: 'NoteTaken', data: { note: 'n'.repeat(megabyte / 4) } } as const

async function append(running: RunningSystem, megabytes: number): Promise<void> {
  for (let left = megabytes; left > 0; left--) await running.store.append({ events: [note, note, note, note] })
}

/** A client that asks for a feed and does not read the answer until it is told to. */
async function silentClient(url: string, lastEventId: number): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.pause()
  socket.on('error', () => {})
  const headers = `Host: 127.0.0.1\r\nConnection: close\r\nLast-Event-ID: ${lastEventId}\r\n`
  await new Promise((resolve) => socket.write(`GET /events HTTP/1.1\r\n${headers}\r\n`, resolve))
  return socket
}

test('a client that takes nothing is dropped, and misses nothing when it comes again', async () => {
  const running = runningShop()
  const server = await serve(running, { port: 0, feedSlowMs: 500, feedsMax: 1 })
  onTestFinished(() => server.close())
  await append(running, 1)
  const socket = await silentClient(server.url, 0)
  // More than the buffers of the operating system take.
  await append(running, 32)
  // Its place is free again.
  const [first] = await whenFree(server.url)
  expect(first).toMatchObject({ kind: 'event', id: '1' })

  let text = ''
  socket.setEncoding('utf8').on('data', (part) => {
    text += part
  })
  socket.resume()
  // The operating system may have cut it off before.
  if (!socket.closed) await once(socket, 'close')
  const whole = [...text.matchAll(/^id: (\d+)\nevent: event\ndata: .*\n\n/gm)].map(([, id]) => Number(id))
  expect(whole).toEqual(whole.map((_, at) => at + 1))
  const head = (await running.store.head()).position
  expect(whole.length).toBeLessThan(head)
  const seen = [...whole]
  while (seen.length < head) {
    const again = await followFeed((path, init) => fetch(server.url + path, init), '/events', String(seen.length))
    // A busy machine may be too slow here, too.
    for (let message = await again.next(); message?.kind === 'event'; message = await again.next()) {
      seen.push(Number(message.id))
    }
    await again.leave()
  }
  expect(seen).toEqual(Array.from({ length: head }, (_, at) => at + 1))
})

/** The first messages of the only feed that there may be, when another one has given up its place. */
async function whenFree(url: string) {
  for (;;) {
    const feed = await followFeed((path, init) => fetch(url + path, init), '/events?after=0').catch((error) => {
      if (!String(error).includes('too_many_feeds')) throw error
    })
    if (feed) {
      const messages = [await feed.next()]
      await feed.leave()
      return messages
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('clients who still have room are told that they were too slow', async () => {
  const running = runningShop()
  const server = await serve(running, { port: 0, feedSlowMs: 0 })
  onTestFinished(() => server.close())
  await append(running, 4)
  const feed = await followFeed((path, init) => fetch(server.url + path, init), '/events?after=0')
  onTestFinished(() => feed.leave())
  await append(running, 28)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const messages = []
  for (let message = await feed.next(); message; message = await feed.next()) messages.push(message)
  expect(messages.at(-1)).toMatchObject({ kind: 'end', data: { reason: 'slow' } })
})

test('slow clients do not fill the memory', async () => {
  const clients = long ? 2_000 : 100
  const running = runningShop()
  const server = await serve(running, { port: 0, connectionsMax: 3 * clients, feedsMax: clients })
  onTestFinished(() => server.close())
  for (let client = 0; client < clients; client++) await silentClient(server.url, 0)
  await allFollow(server.url)
  const before = usedBytes()
  // Each of them would have to be sent all of this.
  await append(running, 24)
  await new Promise((resolve) => setTimeout(resolve, 500))
  // The log in memory has these bytes too, and so has the window that all share, as events and as messages. What other tests of this process leave is a part
  // of it. Without limits it would be a hundred times 24 MB.
  expect(usedBytes() - before).toBeLessThan(500 * megabyte + clients * 64 * 1024)
})

/** Resolves when so many feeds have begun: then there is no place for another. */
async function allFollow(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/events`)
    await response.body?.cancel()
    if (response.status === 503) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
