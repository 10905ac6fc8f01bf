// Keeps the connections of a server to a number, so that they leave descriptors for the log: where all are taken, an idle one makes room for a new one, and one
// that never asked anything before one that did, so that many who say nothing push out nobody who works. Nobody who is being answered is cut off.
import { readdirSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { connectionsMaxDefault } from './limits.ts'

/** The answers under way on each open connection. Those without any come in the order in which they became idle, whether or not they ever sent anything. */
export type Connections = ReadonlyMap<Socket, number>

/** Watches the server from now on. `connectionsMax`: how many it holds. */
export function limitedConnections(server: Server, connectionsMax: number): Connections {
  const answers = new Map<Socket, number>()
  const asked = new WeakSet<Socket>()
  /** Which one makes room: the new one itself, where all others are being answered. */
  const leastNeeded = (newest: Socket): Socket => {
    const idle = [...answers.keys()].filter((socket) => socket !== newest && answers.get(socket) === 0)
    return idle.find((socket) => !asked.has(socket)) ?? idle[0] ?? newest
  }

  server.on('connection', (socket) => {
    answers.set(socket, 0)
    socket.once('close', () => answers.delete(socket))
    if (answers.size <= connectionsMax) return
    const gone = leastNeeded(socket)
    answers.delete(gone)
    gone.destroy()
  })
  server.on('request', ({ socket }, response) => {
    asked.add(socket)
    const change = (by: number) => {
      const underWay = answers.get(socket)
      // It may be gone by now.
      if (underWay === undefined) return
      answers.delete(socket)
      answers.set(socket, underWay + by)
    }
    change(1)
    response.once('close', () => change(-1))
  })
  return answers
}

/** Half of the descriptors that this process may still open, where the operating system tells; at most {@link connectionsMaxDefault}. */
export function connectionsThatFit(): number {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))!
    const free = Number(limit) - readdirSync('/proc/self/fd').length
    return Math.max(1, Math.min(connectionsMaxDefault, Math.floor(free / 2)))
  } catch {
    return connectionsMaxDefault
  }
}
