// Systems served over HTTP for tests of the client, in memory, and servers that speak a part of HTTP only.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ServeOptions, serve } from '@indelible/server'
import type { RunningSystem } from 'indelible'
import { onTestFinished } from 'vitest'

/** The URL of a running system. Both end with the test. */
export async function servedUrl(running: RunningSystem, options: ServeOptions = {}): Promise<string> {
  const server = await serve(running, { port: 0, ...options })
  onTestFinished(async () => {
    await server.close()
    await running.close()
  })
  return server.url
}

/** The URL of a server on loopback that answers as `handle` does. It ends with the test. */
export async function answering(
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<string> {
  const server = createServer((request, response) => void handle(request, response))
  await listening(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function listening(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
}
