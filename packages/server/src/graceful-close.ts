// Closes an HTTP server without cutting off anybody who is being answered. Node's own `close` does cut: it takes a connection for idle as soon as
// the answer was handed over, though a slow client may still be reading it.
import type { Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { timer } from 'indelible/adapter'

/** Watches the server from now on; the function it gives closes it, within a time. It may be called twice. */
export function gracefulClose(server: Server, timeoutMs: number): () => Promise<void> {
  /** The answers under way on each connection. */
  const answers = new Map<Socket, number>()
  let closing: Promise<void> | undefined

  server.on('connection', (socket) => {
    answers.set(socket, 0)
    socket.once('close', () => answers.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    answers.set(socket, (answers.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (answers.get(socket) ?? 1) - 1
      if (answers.has(socket)) answers.set(socket, left)
      if (closing && left === 0) socket.destroySoon()
    })
  })

  return async () => {
    closing ??= new Promise((resolve) => {
      const cut = timer(timeoutMs, () => server.closeAllConnections())
      // The server ends a moment before its connections tell those who answer on them that nobody listens any more.
      const ended = Promise.all([...answers.keys()].map((socket) => new Promise((end) => socket.once('close', end))))
      NetServer.prototype.close.call(server, async () => {
        await ended
        cut.cancel()
        // Nothing is left to cut; this ends the timer with which the server looks for slow requests.
        server.close()
        resolve()
      })
      for (const [socket, underWay] of answers) if (underWay === 0) socket.destroy()
    })
    await closing
  }
}
