// Closes an HTTP server without cutting off anybody who is being answered. Node's own `close` does cut: it takes a connection for idle as soon as
// the answer was handed over, though a slow client may still be reading it.
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Connections } from './connections.ts'

/** The function that it gives closes the server, within a time. It may be called twice. */
export function gracefulClose(server: Server, connections: Connections, timeoutMs: number): () => Promise<void> {
  let closing: Promise<void> | undefined

  server.on('request', ({ socket }, response) => {
    response.once('close', () => {
      if (closing && connections.get(socket) === 0) socket.destroySoon()
    })
  })

  return async () => {
    closing ??= new Promise((resolve) => {
      const cut = setTimeout(() => server.closeAllConnections(), timeoutMs)
      // The server ends a moment before its connections tell those who answer on them that nobody listens any more.
      const ended = Promise.all(
        [...connections.keys()].map((socket) => new Promise((end) => socket.once('close', end))),
      )
      NetServer.prototype.close.call(server, async () => {
        await ended
        clearTimeout(cut)
        // Nothing is left to cut; this ends the timer with which the server looks for slow requests.
        server.close()
        resolve()
      })
      for (const [socket, underWay] of connections) if (underWay === 0) socket.destroy()
    })
    await closing
  }
}
