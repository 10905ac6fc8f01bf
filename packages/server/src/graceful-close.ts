// Closes an HTTP server without cutting responses under way. `close` of Node does cut them: for it a connection is idle as soon as the response was handed
// over, even if a slow client is still reading it.
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { timer } from 'indelible/adapter'
import type { Connections } from './connections.ts'

/** Returns a function that closes the server within a time. It can be called twice. */
export function gracefulClose(server: Server, connections: Connections, timeoutMs: number): () => Promise<void> {
  let closing: Promise<void> | undefined

  server.on('request', ({ socket }, response) => {
    response.once('close', () => {
      if (closing && connections.get(socket) === 0) socket.destroySoon()
    })
  })

  return async () => {
    closing ??= new Promise((resolve) => {
      const cut = timer(timeoutMs, () => server.closeAllConnections())
      // The server is closed a moment before the handlers on its connections are notified.
      const ended = Promise.all(
        [...connections.keys()].map((socket) => new Promise((end) => socket.once('close', end))),
      )
      NetServer.prototype.close.call(server, async () => {
        await ended
        cut.cancel()
        // No connection is left. This only ends the timer of the server for slow requests.
        server.close()
        resolve()
      })
      for (const [socket, underWay] of connections) if (underWay === 0) socket.destroy()
    })
    await closing
  }
}
