// Handles the requests of a connection one after the other. A client can send many requests without reading the responses (pipelining, RFC 9112,
// section 9.3.2). Otherwise all these responses would be made at once and kept in memory.
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { requestsAheadMax } from './limits.ts'

/** Returns a listener that calls `listener` for a request when the earlier responses on its connection are sent. */
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
