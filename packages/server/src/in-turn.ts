// Answers the requests of a connection one after the other. A client may send many without reading what comes (pipelining, RFC 9112, section 9.3.2), and
// answers that nobody takes would otherwise all be made, and kept, at once.
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { requestsAheadMax } from './limits.ts'

/** The same listener, called for a request when the answers to those before it on its connection have gone out. */
export function inTurn(listener: RequestListener): RequestListener {
  const lines = new WeakMap<Socket, { last: Promise<void>; length: number }>()
  return (request, response) => {
    const { socket } = request
    const line = lines.get(socket) ?? { last: Promise.resolve(), length: 0 }
    lines.set(socket, line)
    const before = line.last
    const isAlone = line.length === 0
    line.length++
    if (line.length > requestsAheadMax) socket.pause()
    line.last = new Promise((ended) => {
      response.once('close', () => {
        line.length--
        if (line.length <= requestsAheadMax) socket.resume()
        ended()
      })
    })
    if (isAlone) listener(request, response)
    else void before.then(() => response.destroyed || listener(request, response))
  }
}
