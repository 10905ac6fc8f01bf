// Limits the connections of a server, so that file descriptors are left for the log. At the limit an idle connection is closed for a new one: first one that
// never sent a request, so that silent clients cannot push out active ones. A connection with a request under way is never closed.
import { readdirSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { connectionsMaxDefault } from './limits.ts'

/** The number of responses under way on each open connection. The idle connections are in the order in which they became idle. */
export type Connections = ReadonlyMap<Socket, number>

/** Limits the connections of the server to `connectionsMax`. Call it before the server listens. */
export function limitedConnections(server: Server, connectionsMax: number): Connections {
  const answers = new Map<Socket, number>()
  const asked = new WeakSet<Socket>()
  /** The connection to close. It is the newest one if all others have a request under way. */
  const leastNeeded = (newest: Socket): Socket => {
    const idle = [...answers.keys()].filter((socket) => socket !== newest && answers.get(socket) === 0)
    return idle.find((socket) => !asked.has(socket)) ?? idle[0] ?? newest
  }

  const count = (socket: Socket) => {
    answers.set(socket, 0)
    socket.once('close', () => answers.delete(socket))
  }
  /** The connections on which TLS is not agreed yet, by their peers. */
  const agreeing = new Map<string, Socket>()

  server.on('connection', (socket) => {
    count(socket)
    if (server instanceof TlsServer) {
      const peer = peerOf(socket)
      agreeing.set(peer, socket)
      socket.once('close', () => agreeing.get(peer) === socket && agreeing.delete(peer))
    }
    if (answers.size <= connectionsMax) return
    const gone = leastNeeded(socket)
    answers.delete(gone)
    gone.destroy()
  })
  // With TLS, requests come by another socket, around the one that was counted.
  server.on('secureConnection', (secure: Socket) => {
    const peer = peerOf(secure)
    const socket = agreeing.get(peer)
    agreeing.delete(peer)
    if (socket) answers.delete(socket)
    count(secure)
  })
  server.on('request', ({ socket }, response) => {
    asked.add(socket)
    const change = (by: number) => {
      const underWay = answers.get(socket)
      // The connection may be closed already.
      if (underWay === undefined) return
      answers.delete(socket)
      answers.set(socket, underWay + by)
    }
    change(1)
    response.once('close', () => change(-1))
  })
  return answers
}

function peerOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ')
}

/** Half of the file descriptors that this process can still open, if the operating system reports them; at most {@link connectionsMaxDefault}. */
export function connectionsThatFit(): number {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))!
    const free = Number(limit) - readdirSync('/proc/self/fd').length
    return Math.max(1, Math.min(connectionsMaxDefault, Math.floor(free / 2)))
  } catch {
    return connectionsMaxDefault
  }
}
