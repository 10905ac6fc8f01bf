// Keeps the connections of a server to a number, so that they leave descriptors for the log: where all are taken, the one that has been idle longest makes
// room for a new one. Nobody who is being answered is cut off.
import { readdirSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { connectionsMaxDefault } from './limits.ts'

/** The answers under way on each open connection. Those without any come in the order in which they became idle, whether or not they ever sent anything. */
export type Connections = ReadonlyMap<Socket, number>

/** Watches the server from now on. `connectionsMax`: how many it holds. */
export function limitedConnections(server: Server, connectionsMax: number): Connections {
  const answers = new Map<Socket, number>()

  server.on('connection', (socket) => {
    answers.set(socket, 0)
    socket.once('close', () => answers.delete(socket))
    if (answers.size <= connectionsMax) return
    // The new one itself, where all others are being answered.
    const [longest] = [...answers].find(([, underWay]) => underWay === 0)!
    answers.delete(longest)
    longest.destroy()
  })
  server.on('request', ({ socket }, response) => {
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
